import type { Hello } from '../events.js';
import { type ChunkSize, parseChunkSize } from '../grammar/chunk-size.js';
import { anyHelloName, isHelloName } from '../grammar/domain.js';
import {
  type Mailbox,
  parseBarePath,
  parseCommonPath,
  parseLenientPath,
  parsePath,
  type Path,
  PathFault,
} from '../grammar/mailbox.js';
import { afterSpaces, decodeUtf8, trimStart } from '../../base/octets.js';
import type { Commanding } from '../state/phases.js';
import type { Protocol, SpaceBeforePath, Syntax } from '../profile.js';
import type { Reply } from '../replies/reply.js';
import { type ConstantReply, reply } from '../replies/catalogue.js';
import type { ParameterContext } from '../extensions/extension.js';
import { checkAddress, type MailParameters, type RcptParameters } from '../extensions/index.js';
import type { RelayTrust } from '../extensions/relay-attributes.js';
import { parseXclient, type XclientAttributes } from '../extensions/xclient.js';
import { parseXforward, type XforwardAttributes } from '../extensions/xforward.js';
import { keywordOf, ParameterFault, parseParameters } from './parameters.js';

/** A well-formed command. Whether it is allowed now is decided in `interpret.ts`. */
export type Command =
  | { readonly verb: Hello['verb']; readonly name: string }
  | { readonly verb: 'STARTTLS' | 'DATA' }
  | { readonly verb: 'RSET' | 'NOOP' | 'QUIT' | 'VRFY' | 'HELP' }
  | { readonly verb: 'XCLIENT'; readonly client: XclientAttributes }
  | { readonly verb: 'XFORWARD'; readonly origin: XforwardAttributes }
  | { readonly verb: 'BDAT'; readonly chunk: ChunkSize }
  | { readonly verb: 'AUTH'; readonly mechanism: string; readonly initialResponse: string | null }
  | { readonly verb: 'MAIL'; readonly reversePath: Mailbox | null; readonly parameters: MailParameters }
  | { readonly verb: 'RCPT'; readonly forwardPath: Mailbox; readonly parameters: RcptParameters };

/** The facts about the session that the parser of a command can use. */
export interface ParseContext extends ParameterContext {
  /** The hello was not HELO: parameters are allowed. */
  readonly extended: boolean;
  /** The parameters of the accepted MAIL. */
  readonly mail: MailParameters;
  readonly spaceBeforePath: SpaceBeforePath;
  readonly syntax: Syntax;
  readonly relayTrust: RelayTrust;
}

/** A verb, and all that is peculiar to it. */
export interface Verb {
  /** The command, or the reply that refuses it. `argument` has no white space around it, unless `exact`. */
  readonly parse: (argument: string, context: ParseContext) => Command | Reply;
  /** Phases in which it may not come, and what it gets there. In all others it may. */
  readonly refusedIn?: Readonly<
    Partial<Record<Commanding<unknown>['kind'], ConstantReply | 'notInTransaction'>>
  >;
  /** The one protocol that has it (RFC 2033 4.1). If absent, both have it. */
  readonly of?: Protocol;
  /** It may come before TLS even if TLS is required (RFC 3207 4). */
  readonly beforeTls?: true;
  /** It may not come before AUTH if AUTH is required (RFC 4954 6). */
  readonly needsAuth?: true;
  /** It belongs to EHLO's extensions: after HELO, or before any hello, it is out of order. */
  readonly extension?: true;
  /** It is taken after HELO all the same, unless the listener is strict: some devices send it there. */
  readonly afterHelo?: true;
  /** It is for relays that are trusted; they alone hear of it. */
  readonly forRelays?: true;
  /** It must be the last of a pipelined group (RFC 2920 3.1): a client waits for its reply. */
  readonly endsGroup?: true;
  /** Its argument may hold controls and 8-bit octets, for its own parser to judge. Else they get 500. */
  readonly raw?: true;
  /** Its argument comes with whatever spaces are in front of it beyond one, for its own parser to judge. */
  readonly exact?: true;
  /** Which limit its line has. Default: commandLine. */
  readonly line?: 'authLine';
  /** Offered to some clients only, or to none, so HELP does not list it. */
  readonly absent?: true;
}

const IN_TRANSACTION = {
  mail: 'notInTransaction',
  rcpt: 'notInTransaction',
  chunked: 'notInTransaction',
} as const;
const OUTSIDE_TRANSACTION = { greeted: 'helloFirst', ...IN_TRANSACTION } as const;

// RFC 5321 4.1.1, one row a verb.
export const VERBS: Readonly<Record<string, Verb>> = {
  EHLO: { parse: parseHello('EHLO'), of: 'smtp', beforeTls: true, endsGroup: true, raw: true },
  HELO: { parse: parseHello('HELO'), of: 'smtp', beforeTls: true, endsGroup: true, raw: true },
  LHLO: { parse: parseHello('LHLO'), of: 'lmtp', beforeTls: true, endsGroup: true, raw: true },
  STARTTLS: {
    parse: withoutArgument('STARTTLS'),
    refusedIn: OUTSIDE_TRANSACTION,
    beforeTls: true,
    extension: true,
    endsGroup: true,
  },
  AUTH: {
    parse: parseAuth,
    refusedIn: OUTSIDE_TRANSACTION,
    // It gets an answer of its own there: 538.
    beforeTls: true,
    extension: true,
    afterHelo: true,
    endsGroup: true,
    line: 'authLine',
  },
  MAIL: {
    parse: parseMail,
    refusedIn: { greeted: 'helloFirst', mail: 'nestedMail', rcpt: 'nestedMail', chunked: 'chunksBegun' },
    needsAuth: true,
    raw: true,
  },
  RCPT: {
    parse: parseRcpt,
    refusedIn: { greeted: 'helloFirst', ready: 'mailFirst', chunked: 'chunksBegun' },
    raw: true,
  },
  DATA: {
    parse: withoutArgument('DATA'),
    // RFC 3030 2: DATA and BDAT cannot be used in the same transaction.
    refusedIn: { greeted: 'helloFirst', ready: 'mailFirst', mail: 'recipientFirst', chunked: 'chunksBegun' },
    endsGroup: true,
  },
  BDAT: {
    parse: parseBdat,
    refusedIn: { greeted: 'helloFirst', ready: 'mailFirst', mail: 'recipientFirst' },
    extension: true,
    exact: true,
  },
  RSET: { parse: withoutArgument('RSET') },
  NOOP: { parse: () => ({ verb: 'NOOP' }), beforeTls: true, endsGroup: true },
  QUIT: { parse: withoutArgument('QUIT'), beforeTls: true, endsGroup: true },
  VRFY: { parse: parseVrfy, endsGroup: true, raw: true },
  HELP: { parse: () => ({ verb: 'HELP' }), beforeTls: true, endsGroup: true },
  XCLIENT: {
    parse: (argument, { relayTrust }) => {
      const client = parseXclient(argument, relayTrust);
      return 'code' in client ? client : { verb: 'XCLIENT', client };
    },
    refusedIn: IN_TRANSACTION,
    forRelays: true,
    absent: true,
  },
  XFORWARD: {
    parse: (argument) => {
      const origin = parseXforward(argument);
      return 'code' in origin ? origin : { verb: 'XFORWARD', origin };
    },
    refusedIn: IN_TRANSACTION,
    forRelays: true,
    absent: true,
  },
  // RFC 5321 7.3: the members of a list are private.
  EXPN: { parse: () => reply('notImplemented', { verb: 'EXPN' }), endsGroup: true, raw: true, absent: true },
  // Deprecated, a security hole: RFC 5321 appendix F.1.
  TURN: { parse: () => reply('notImplemented', { verb: 'TURN' }), endsGroup: true, absent: true },
};

/** A row with its name, and with nothing left out: the rows are looked at for every command, so they have one shape. */
export class VerbRow {
  readonly parse: Verb['parse'];
  readonly refusedIn: ReadonlyMap<string, ConstantReply | 'notInTransaction'>;
  readonly beforeTls: boolean;
  readonly needsAuth: boolean;
  readonly extension: boolean;
  readonly afterHelo: boolean;
  readonly forRelays: boolean;
  readonly raw: boolean;
  readonly exact: boolean;
  readonly line: 'commandLine' | 'authLine';

  constructor(
    readonly name: string,
    verb: Verb,
  ) {
    this.parse = verb.parse;
    this.refusedIn = new Map(Object.entries(verb.refusedIn ?? {}));
    this.beforeTls = verb.beforeTls === true;
    this.needsAuth = verb.needsAuth === true;
    this.extension = verb.extension === true;
    this.afterHelo = verb.afterHelo === true;
    this.forRelays = verb.forRelays === true;
    this.raw = verb.raw === true;
    this.exact = verb.exact === true;
    this.line = verb.line ?? 'commandLine';
  }
}

const LETTERS = 32;

/** Rows by {@link letterOf} their verbs: to be held against two or three names costs a word less than its hash. */
const ROWS: Readonly<Record<Protocol, readonly (readonly VerbRow[])[]>> = {
  smtp: rowsOf('smtp'),
  lmtp: rowsOf('lmtp'),
};
/** A number for the first letter of a word, the same for capitals and small ones. */
function letterOf(word: string): number {
  return word.charCodeAt(0) % LETTERS;
}

function verbsOf(protocol: Protocol): [name: string, verb: Verb][] {
  return Object.entries(VERBS).filter(([, { of }]) => of === undefined || of === protocol);
}

function rowsOf(protocol: Protocol): readonly (readonly VerbRow[])[] {
  const rows = verbsOf(protocol).map(([name, verb]) => new VerbRow(name, verb));
  return Array.from({ length: LETTERS }, (_, letter) => rows.filter(({ name }) => letterOf(name) === letter));
}

/** The verb that a word names, in whatever case, if the protocol has it. */
export function verbOf(word: string, protocol: Protocol): VerbRow | undefined {
  if (word === '') return undefined;
  const rows = ROWS[protocol][letterOf(word)] as readonly VerbRow[];
  // Nearly all clients write capitals.
  for (const row of rows) if (row.name === word) return row;
  if (rows.length === 0) return undefined;
  const capitals = word.toUpperCase();
  return rows.find(({ name }) => name === capitals);
}

function help(protocol: Protocol): Reply {
  const offered = verbsOf(protocol).filter(([, { absent }]) => absent !== true);
  return reply('help', { commands: offered.map(([name]) => name).join(' ') });
}

/** The replies to commands that do not ask the handler and do not change the phase. */
export const ANSWERS: Readonly<Record<'NOOP' | 'VRFY' | 'HELP', Readonly<Record<Protocol, Reply>>>> = {
  NOOP: { smtp: reply('ok'), lmtp: reply('ok') },
  VRFY: { smtp: reply('cannotVerify'), lmtp: reply('cannotVerify') },
  HELP: { smtp: help('smtp'), lmtp: help('lmtp') },
};

type Plain = 'DATA' | 'RSET' | 'QUIT' | 'STARTTLS';

function withoutArgument(verb: Plain): Verb['parse'] {
  const command = { verb } as const;
  const refusal = reply('syntax', { syntax: `${verb}, with no argument` });
  return (argument) => (argument === '' ? command : refusal);
}

function parseHello(verb: Hello['verb']): Verb['parse'] {
  const refusal = reply('helloSyntax', { verb });
  return (argument, { syntax }) => {
    const name = syntax !== 'strict' || isHelloName(argument) ? anyHelloName(argument) : null;
    return name === null ? refusal : { verb, name };
  };
}

function parseBdat(argument: string): Command | Reply {
  const chunk = parseChunkSize(argument);
  return chunk === null ? reply('chunkSyntax') : { verb: 'BDAT', chunk };
}

// RFC 4954 4: AUTH mechanism [initial-response]
function parseAuth(argument: string): Command | Reply {
  const [mechanism = '', initialResponse = null, ...rest] = argument.split(' ');
  // Base64 with a space in it is no base64; the mechanism's name has been read all the same.
  if (rest.length > 0) return reply('badBase64');
  if (mechanism === '') return reply('syntax', { syntax: 'AUTH mechanism [initial-response]' });
  return { verb: 'AUTH', mechanism: mechanism.toUpperCase(), initialResponse };
}

// RFC 5321 4.1.1.2: mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
function parseMail(argument: string, context: ParseContext): Command | Reply {
  const parts = parsePathArgument('FROM:', argument, context);
  if (parts === null) return reply('syntax', { syntax: 'MAIL FROM:<address> [parameters]' });
  if (parts instanceof PathFault) return reply('badSender', { reason: parts.reason });
  // <postmaster> without a domain is a recipient only (RFC 5321 4.1.1.3).
  if (parts.mailbox?.domain === '' && context.syntax !== 'lenient') {
    return reply('badSender', { reason: 'the domain is missing' });
  }
  if (parts.parameters !== '' && !context.extended) return withoutExtensions(parts.parameters);
  const parameters = parseParameters('MAIL', parts.parameters, context);
  if (parameters instanceof ParameterFault) return parameterRefusal(parameters);
  const refusal = checkAddress('MAIL', parts.ascii, parameters);
  if (refusal !== null) return refusal;
  return { verb: 'MAIL', reversePath: parts.mailbox, parameters };
}

// RFC 5321 4.1.1.3: rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
//                          [SP Rcpt-parameters] CRLF
function parseRcpt(argument: string, context: ParseContext): Command | Reply {
  const parts = parsePathArgument('TO:', argument, context);
  if (parts === null) return reply('syntax', { syntax: 'RCPT TO:<address> [parameters]' });
  if (parts instanceof PathFault) return reply('badRecipient', { reason: parts.reason });
  if (parts.mailbox === null) return reply('badRecipient', { reason: 'a recipient cannot be <>' });
  if (parts.parameters !== '' && !context.extended) return withoutExtensions(parts.parameters);
  const parameters = parseParameters('RCPT', parts.parameters, context);
  if (parameters instanceof ParameterFault) return parameterRefusal(parameters);
  const refusal = checkAddress('RCPT', parts.ascii, context.mail);
  if (refusal !== null) return refusal;
  return { verb: 'RCPT', forwardPath: parts.mailbox, parameters };
}

// RFC 5321 4.1.1.6: vrfy = "VRFY" SP String CRLF
function parseVrfy(argument: string): Command | Reply {
  if (argument === '') return reply('syntax', { syntax: 'VRFY <address or name>' });
  return decodeUtf8(argument) === null || /\p{Cc}/u.test(argument) ? reply('unprintable') : { verb: 'VRFY' };
}

interface PathArgument {
  readonly mailbox: Mailbox | null;
  /** The mailbox is ASCII. */
  readonly ascii: boolean;
  /** The text after the path, without the space before it. */
  readonly parameters: string;
}

/** Null where the keyword is not there, or not as it should be. */
function parsePathArgument(
  keyword: string,
  binary: string,
  { spaceBeforePath, syntax }: ParseContext,
): PathArgument | PathFault | null {
  if (!binary.startsWith(keyword) && binary.slice(0, keyword.length).toUpperCase() !== keyword) return null;
  const common = parseCommonPath(binary, keyword.length);
  // Nearly all clients send this: an ASCII path and no parameters.
  if (common?.end === binary.length) return { mailbox: common.mailbox, ascii: true, parameters: '' };
  const argument = isAscii(binary) ? binary : decodeUtf8(binary);
  if (argument === null) return new PathFault('it is not UTF-8');
  // RFC 5321 3.3 says no space after the colon; so many clients write one that it is taken, as a rule.
  const start = afterSpaces(argument, keyword.length);
  if (start > keyword.length && spaceBeforePath === 'reject') return null;
  const path = parsePathAt(argument, start, syntax);
  if (path instanceof PathFault) return path;
  const rest = argument.slice(path.end);
  if (rest !== '' && !rest.startsWith(' ')) return new PathFault('expected a space after >');
  return { mailbox: path.mailbox, ascii: isAscii(path.mailbox?.address ?? ''), parameters: trimStart(rest) };
}

function parsePathAt(argument: string, start: number, syntax: Syntax): Path | PathFault {
  if (syntax !== 'strict' && argument[start] !== '<') return parseBarePath(argument, start);
  const path = parsePath(argument, start);
  return path instanceof PathFault && syntax === 'lenient' ? parseLenientPath(argument, start) : path;
}

// RFC 5321 2.2.1 and 4.1.1.11: parameters come with EHLO only.
function withoutExtensions(parameters: string): Reply {
  return reply('unknownParameter', { parameter: keywordOf(parameters) });
}

function parameterRefusal({ parameter, reason }: ParameterFault): Reply {
  return reason === null
    ? reply('unknownParameter', { parameter })
    : reply('badParameter', { parameter, reason });
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
