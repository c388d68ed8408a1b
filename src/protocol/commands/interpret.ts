import type { ChunkSize } from '../grammar/chunk-size.js';
import type { Listener } from '../extensions/extension.js';
import type { MailParameters, OptionalExtensions } from '../extensions/index.js';
import type { Link } from '../link.js';
import { trimEnd, trimStart } from '../../base/octets.js';
import type { Commanding, Phase, Transaction } from '../state/phases.js';
import type { Profile, Protocol, SpaceBeforePath, Syntax, UnknownParameters } from '../profile.js';
import { Reply } from '../replies/reply.js';
import { type ConstantReply, reply } from '../replies/catalogue.js';
import { type Command, type ParseContext, verbOf, type VerbRow } from './verbs.js';

/** The meaning of a command line in the present phase. */
export type Meaning =
  | Command
  | Refused
  /** The first line of a message that came after a refused DATA. */
  | 'body'
  /** An HTTP request from a browser or a proxy: nothing after it is a command. */
  | 'notSmtp';

/** A line that is refused. */
export class Refused {
  constructor(
    /** Empty if the line has no verb. */
    readonly verb: string,
    readonly reply: Reply,
    /**
     * The content that follows the command, refused or not (RFC 3030 2); null if none follows. If its length is
     * unknown, content after the line cannot be distinguished from commands.
     */
    readonly follows: ChunkSize | 'unknown' | null = null,
  ) {}
}

// First words of HTTP requests, and header fields. None is a verb.
const HTTP = /^(?:(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI)(?: |$)|[!-9;-~]+:(?: |$))/;
// How content begins: with a header field (RFC 5322 2.2, 4.5), or with the line that ends the header.
const CONTENT = /^(?:$|[!-9;-~]+[ \t]*:)/;
// The same test for a line of which only the first octets were kept: the colon may be in the rest.
const CONTENT_HEAD = /^(?:$|[!-9;-~]+[ \t]*:|[!-9;-~]{16})/;
// The client may have meant BDAT, though the line cannot be parsed.
const ALMOST_BDAT = /^[ \t]*BDAT/i;
// RFC 2033 4.1 and 4.2: LMTP has its own hello, and 503 if SMTP has 554.
const IN_LMTP: Readonly<Partial<Record<ConstantReply, ConstantReply>>> = {
  helloFirst: 'lhloFirst',
  recipientFirst: 'lmtpRecipientFirst',
};
const PRINTABLE = /^[ -~]*$/;

/**
 * Parses a command line: finds its verb, checks that the verb may come now, and parses its argument.
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
  const verb = verbOf(space < 0 ? whole : whole.slice(0, space), profile.protocol);
  if (verb === undefined) return withoutVerb(line, phase, profile, dataRefused);

  const { authLine, commandLine } = profile.limits;
  if (line.length > (verb.line === 'authLine' ? authLine : commandLine - 2)) {
    return tooLong(verb.name, phase, line, profile);
  }
  const argument = space < 0 ? '' : whole.slice(space + 1);
  if (!verb.raw && !PRINTABLE.test(whole)) return refused(verb, argument, reply('unprintable'));
  const early = outOfOrder(phase, verb, profile);
  if (early !== null) return refused(verb, argument, early);

  const context = new Context(phase, profile);
  const command = verb.parse(verb.exact ? argument : trimStart(argument), context);
  return command instanceof Reply ? refused(verb, argument, command) : command;
}

/** The facts about the session that a parser can use, computed only if the parser reads them. */
class Context implements ParseContext {
  constructor(
    private readonly phase: Commanding<unknown>,
    private readonly profile: Profile,
  ) {}

  get extended(): boolean {
    return this.phase.hello !== null && this.phase.hello.verb !== 'HELO';
  }

  get smtputf8(): boolean {
    return this.phase.transaction?.parameters.smtputf8 === true;
  }

  get offered(): ReadonlySet<string> {
    return this.profile.offered[this.phase.link];
  }

  /** Only for RCPT and DATA, which the table of verbs refuses before MAIL. */
  get mail(): MailParameters {
    return (this.phase.transaction as Transaction).parameters;
  }

  get spaceBeforePath(): SpaceBeforePath {
    return this.profile.spaceBeforePath;
  }

  get syntax(): Syntax {
    return this.profile.syntax;
  }

  get unknownParameters(): UnknownParameters {
    return this.profile.unknownParameters;
  }

  get protocol(): Protocol {
    return this.profile.protocol;
  }

  get link(): Link {
    return this.phase.link;
  }

  get listener(): Listener<OptionalExtensions> {
    return this.profile;
  }

  get authenticated(): boolean {
    return this.phase.identity?.kind === 'authenticated';
  }

  get full(): boolean {
    return this.phase.kind === 'rcpt' && this.phase.recipients >= this.profile.limits.recipients;
  }
}

/** Returns the refusal of a command with this verb. */
function refused({ name, declares }: VerbRow, argument: string, refusal: Reply): Refused {
  if (declares === null) return new Refused(name, refusal);
  const chunk = declares(argument);
  return chunk === null
    ? new Refused(name, reply('chunkSyntax'), 'unknown')
    : new Refused(name, refusal, chunk);
}

/**
 * Returns the refusal of a line that was not kept to its end.
 *
 * @param dataRefused the command before it was a DATA that was refused: this line may be the message.
 */
export function unreadable(
  step: 'bareNewline' | 'tooLong',
  phase: Phase<unknown>,
  head: string,
  profile: Profile,
  dataRefused: boolean,
): Refused {
  const refused =
    step === 'tooLong' ? tooLong('', phase, head, profile) : refusedUnread('', head, reply('bareNewline'));
  return dataRefused && CONTENT_HEAD.test(head)
    ? new Refused(refused.verb, refused.reply, 'unknown')
    : refused;
}

/** Returns the refusal of a line that is too long, chosen by its first octets. */
function tooLong(verb: string, phase: Phase<unknown>, head: string, { limits }: Profile): Refused {
  if (phase.kind === 'authenticating' || /^AUTH /i.test(head)) {
    return new Refused(verb, reply('authLineTooLong', { limit: limits.authLine }));
  }
  return refusedUnread(verb, head, reply('lineTooLong', { limit: limits.commandLine }));
}

/** Returns the refusal of a line that cannot be parsed, chosen by its first octets. */
function refusedUnread(verb: string, head: string, refusal: Reply): Refused {
  return new Refused(verb, refusal, ALMOST_BDAT.test(head) ? 'unknown' : null);
}

function withoutVerb(
  line: string,
  phase: Commanding<unknown>,
  profile: Profile,
  dataRefused: boolean,
): Meaning {
  // A client that did not wait for 354 continues with its message. If its lines ran as commands, the author of the text
  // could give commands in the client's name.
  if (dataRefused && phase.hello !== null && CONTENT.test(line)) return 'body';
  if (line.length > profile.limits.commandLine - 2) return tooLong('', phase, line, profile);
  return HTTP.test(line) ? 'notSmtp' : refusedUnread('', line, reply('notRecognized'));
}

/** Returns why a verb may not come now, or null. */
function outOfOrder(phase: Commanding<unknown>, verb: VerbRow, profile: Profile): Reply | null {
  const { name } = verb;
  if (phase.kind === 'rejected') return name === 'QUIT' ? null : phase.refusal;
  if (verb.forRelays && profile.relayTrust === 'none') return reply('notTrusted', { verb: name });
  if (profile.tlsRequired && phase.link === 'plain' && !verb.beforeTls) return reply('tlsRequired');
  const refusal = verb.refusedIn.get(phase.kind);
  if (refusal !== undefined) {
    if (refusal === 'notInTransaction') return reply(refusal, { verb: name });
    return reply((profile.protocol === 'lmtp' && IN_LMTP[refusal]) || refusal);
  }
  // RFC 5321 2.2.1: HELO turns every extension off.
  const tolerated = verb.afterHelo && profile.syntax !== 'strict';
  if (verb.extension && phase.hello?.verb === 'HELO' && !tolerated) return reply('helloFirst');
  if (!verb.needsAuth || !profile.authRequired) return null;
  return phase.identity?.kind === 'anonymous' ? reply('authRequired') : null;
}
