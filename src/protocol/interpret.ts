import { type ChunkSize, declaredChunk } from './grammar/chunk-size.js';
import { trimEnd, trimStart } from './octets.js';
import type { Commanding, Phase } from './phases.js';
import type { Profile } from './profile.js';
import type { Reply } from './reply.js';
import { type ConstantReply, reply } from './replies.js';
import { type Command, type Verb, verbOf } from './verbs.js';

/** What a command line comes to, here and now. */
export type Meaning =
  | Command
  | Refused
  /** The first line of a message that came after a refused DATA. */
  | 'body'
  /** A browser or a proxy that was led here: nothing after it is a command. */
  | 'notSmtp';

/** A line that gets no. */
export class Refused {
  constructor(
    /** Empty where the line has no verb. */
    readonly verb: string,
    readonly reply: Reply,
    /**
     * The content that comes behind it, refused or not (RFC 3030 2); null where none does. Where its length
     * cannot be told, nothing behind it can be told from commands.
     */
    readonly follows: ChunkSize | 'unknown' | null = null,
  ) {}
}

// First words of HTTP requests, and header fields. None is a verb.
const HTTP = /^(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI)(?: |$)|[!-9;-~]+:(?: |$))/;
// How content begins: with a header field (RFC 5322 2.2, 4.5), or with the line that ends the header.
const CONTENT = /^(?:$|[!-9;-~]+[ \t]*:)/;
// Perhaps a BDAT to the client that wrote it, though none that can be read.
const ALMOST_BDAT = /^[ \t]*BDAT/i;
// RFC 2033 4.1 and 4.2: it has a hello of its own, and 503 where SMTP has 554.
const IN_LMTP: Readonly<Partial<Record<ConstantReply, ConstantReply>>> = {
  helloFirst: 'lhloFirst',
  recipientFirst: 'lmtpRecipientFirst',
};
const PRINTABLE = /^[ -~]*$/;

/**
 * Reads a command line: which verb it has, whether that may come now, and what it says.
 *
 * @param line without its CRLF, each octet as the character of the same number.
 * @param dataRefused the command before it was a DATA that was refused.
 */
export function interpret(
  line: string,
  phase: Commanding<unknown>,
  profile: Profile,
  dataRefused: boolean,
): Meaning {
  // RFC 5321 4.1.1: trailing white space is tolerated.
  const whole = trimEnd(line);
  const space = whole.indexOf(' ');
  const name = (space < 0 ? whole : whole.slice(0, space)).toUpperCase();
  const verb = verbOf(name, profile.protocol);
  if (verb === undefined) return withoutVerb(line, phase, profile, dataRefused);

  const { authLine, commandLine } = profile.limits;
  if (line.length > (verb.line === 'authLine' ? authLine : commandLine - 2)) {
    return tooLong(name, phase, line, profile);
  }
  const argument = space < 0 ? '' : whole.slice(space + 1);
  const refused = (refusal: Reply): Refused =>
    name === 'BDAT' ? refusedChunk(argument, refusal) : new Refused(name, refusal);
  if (verb.raw !== true && !PRINTABLE.test(whole)) return refused(reply('unprintable'));
  const early = outOfOrder(phase, name, verb, profile);
  if (early !== null) return refused(early);

  const command = verb.parse(verb.exact === true ? argument : trimStart(argument), {
    extended: 'hello' in phase && phase.hello.verb !== 'HELO',
    smtputf8: 'transaction' in phase && phase.transaction.parameters.smtputf8 === true,
    offered: profile.offered[phase.link],
    extensions: profile.extensions,
    limits: profile.limits,
    spaceBeforePath: profile.spaceBeforePath,
    relayTrust: profile.relayTrust,
  });
  if (!('verb' in command)) return refused(command);
  const refusal = beyond(command, phase, profile);
  return refusal === null ? command : refused(refusal);
}

/** A BDAT that gets no. */
function refusedChunk(argument: string, refusal: Reply): Refused {
  const chunk = declaredChunk(argument);
  return chunk === null
    ? new Refused('BDAT', reply('chunkSyntax'), 'unknown')
    : new Refused('BDAT', refusal, chunk);
}

/** What a line gets that was not read to its end. */
export function unreadable(
  step: 'bareNewline' | 'tooLong',
  phase: Phase<unknown>,
  head: string,
  profile: Profile,
): Refused {
  return step === 'tooLong' ? tooLong('', phase, head, profile) : unread('', head, reply('bareNewline'));
}

/** What a line gets that is too long, by how it begins. */
function tooLong(verb: string, phase: Phase<unknown>, head: string, { limits }: Profile): Refused {
  if (phase.kind === 'authenticating' || /^AUTH(?: |$)/i.test(head)) {
    return new Refused(verb, reply('authLineTooLong', { limit: limits.authLine }));
  }
  return unread(verb, head, reply('lineTooLong', { limit: limits.commandLine }));
}

/** What a line gets that is none to be read, by how it begins. */
function unread(verb: string, head: string, refusal: Reply): Refused {
  return new Refused(verb, refusal, ALMOST_BDAT.test(head) ? 'unknown' : null);
}

function withoutVerb(
  line: string,
  phase: Commanding<unknown>,
  profile: Profile,
  dataRefused: boolean,
): Meaning {
  // A client that did not wait for 354 goes on with its message. Run as commands, the lines of its text
  // would be commands of whoever wrote the text.
  if (dataRefused && 'hello' in phase && CONTENT.test(line)) return 'body';
  if (line.length > profile.limits.commandLine - 2) return tooLong('', phase, line, profile);
  return HTTP.test(line) ? 'notSmtp' : unread('', line, reply('notRecognized'));
}

/** Why a verb may not come now, or null. */
function outOfOrder(phase: Commanding<unknown>, name: string, verb: Verb, profile: Profile): Reply | null {
  if (phase.kind === 'rejected') return name === 'QUIT' ? null : phase.refusal;
  if (verb.forRelays === true && profile.relayTrust === 'none') return reply('notTrusted', { verb: name });
  if (profile.tlsRequired && phase.link === 'plain' && verb.beforeTls !== true) return reply('tlsRequired');
  const refusal = verb.refusedIn?.[phase.kind];
  if (refusal !== undefined) {
    if (refusal === 'notInTransaction') return reply(refusal, { verb: name });
    return reply((profile.protocol === 'lmtp' && IN_LMTP[refusal]) || refusal);
  }
  // RFC 5321 2.2.1: HELO turns every extension off.
  if (verb.extension === true && 'hello' in phase && phase.hello.verb === 'HELO') return reply('helloFirst');
  const anonymous = 'identity' in phase && phase.identity.kind === 'anonymous';
  return verb.needsAuth === true && profile.authRequired && anonymous ? reply('authRequired') : null;
}

/** Why a command that reads well cannot be had here, or null. */
function beyond(command: Command, phase: Commanding<unknown>, profile: Profile): Reply | null {
  const { recipients } = profile.limits;
  switch (command.verb) {
    case 'STARTTLS':
      if (phase.link !== 'plain') return reply('alreadySecure');
      return profile.starttls ? null : reply('notImplemented', { verb: 'STARTTLS' });
    case 'DATA': {
      // RFC 3030 3: BODY=BINARYMIME requires BDAT.
      const binary = 'transaction' in phase && phase.transaction.parameters.body === 'BINARYMIME';
      return binary ? reply('binaryNeedsChunks') : null;
    }
    case 'BDAT':
      return profile.extensions.chunking ? null : reply('notImplemented', { verb: 'BDAT' });
    case 'MAIL':
      return unearned(command, phase, profile) ? reply('authRequired') : null;
    case 'RCPT':
      if (phase.kind !== 'rcpt' || phase.recipients < recipients) return null;
      return reply('tooManyRecipients', { limit: recipients });
    default:
      return null;
  }
}

/** RFC 6710 4.1: who is not authenticated must not go first. Without AUTH on offer, the handler knows whom it trusts. */
function unearned(
  { parameters: { priority = 0 } }: Extract<Command, { verb: 'MAIL' }>,
  phase: Commanding<unknown>,
  { mechanisms }: Profile,
): boolean {
  if (priority <= 0 || mechanisms.size === 0) return false;
  return 'identity' in phase && phase.identity.kind === 'anonymous';
}
