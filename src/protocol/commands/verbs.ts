import type { Hello, Question } from '../events.js';
import { anyHelloName, isHelloName } from '../grammar/domain.js';
import {
  type Mailbox,
  parseBarePath,
  parseCommonPath,
  parseLenientPath,
  parsePath,
  type Path,
} from '../grammar/mailbox.js';
import { isAscii } from '../../base/ascii.js';
import { Fault, type Parsed } from '../../base/fault.js';
import { afterSpaces, decodeUtf8, trimStart } from '../../base/octets.js';
import type { Protocol, SpaceBeforePath, Syntax } from '../profile.js';
import { Reply } from '../replies/reply.js';
import { type ConstantReply, reply } from '../replies/catalogue.js';
import type { VerbContext } from '../extensions/extension.js';
import {
  checkData,
  checkMail,
  checkUtf8Address,
  EXTENSION_VERBS,
  type ExtensionCommand,
  type MailParameters,
  type OptionalExtensions,
} from '../extensions/index.js';
import { keywordOf, ParameterFault, type ParametersOf, parseParameters } from './parameters.js';
import { noArgument, type Verb } from './verb.js';

/** A well-formed command that is permitted. */
export type Command = CoreCommand | ExtensionCommand;

type CoreCommand =
  /** Only the server can decide on it. */
  | { readonly verb: Hello['verb'] | 'MAIL' | 'RCPT' | 'DATA'; readonly question: Question }
  /** It has this answer, and no other effect. */
  | { readonly verb: 'NOOP' | 'VRFY' | 'HELP'; readonly answer: Reply }
  | { readonly verb: 'RSET' | 'QUIT' };

/** The facts about the session that the parser of a command can use. */
export interface ParseContext extends VerbContext<OptionalExtensions> {
  readonly protocol: Protocol;
  /** The hello was not HELO: parameters are allowed. */
  readonly extended: boolean;
  /** The client has authenticated. */
  readonly authenticated: boolean;
  /** The parameters of the accepted MAIL. */
  readonly mail: MailParameters;
  /** The transaction has as many recipients as it may have. */
  readonly full: boolean;
  readonly spaceBeforePath: SpaceBeforePath;
  readonly syntax: Syntax;
}

type AnyVerb = Verb<ParseContext, Command>;

// RFC 5321 4.1.1, one row a verb.
const HELLOS: Readonly<Record<string, AnyVerb>> = {
  EHLO: { parse: parseHello('EHLO'), of: 'smtp', beforeTls: true, endsGroup: true, raw: true },
  HELO: { parse: parseHello('HELO'), of: 'smtp', beforeTls: true, endsGroup: true, raw: true },
  LHLO: { parse: parseHello('LHLO'), of: 'lmtp', beforeTls: true, endsGroup: true, raw: true },
};
const TRANSACTION: Readonly<Record<string, AnyVerb>> = {
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
    parse: parseData,
    // RFC 3030 2: DATA and BDAT cannot be used in the same transaction.
    refusedIn: { greeted: 'helloFirst', ready: 'mailFirst', mail: 'recipientFirst', chunked: 'chunksBegun' },
    endsGroup: true,
  },
};
const OTHERS: Readonly<Record<string, AnyVerb>> = {
  RSET: { parse: withoutArgument('RSET') },
  NOOP: { parse: always({ verb: 'NOOP', answer: reply('ok') }), beforeTls: true, endsGroup: true },
  QUIT: { parse: withoutArgument('QUIT'), beforeTls: true, endsGroup: true },
  VRFY: { parse: parseVrfy, endsGroup: true, raw: true },
  HELP: { parse: (_, { protocol }) => HELP[protocol], beforeTls: true, endsGroup: true },
  // RFC 5321 7.3: the members of a list are private.
  EXPN: { parse: () => reply('notImplemented', { verb: 'EXPN' }), endsGroup: true, raw: true, absent: true },
  // Deprecated, a security hole: RFC 5321 appendix F.1.
  TURN: { parse: () => reply('notImplemented', { verb: 'TURN' }), endsGroup: true, absent: true },
};

/** All verbs, in the order in which HELP lists them; those of extensions stand where a client uses them. */
export const VERBS: Readonly<Record<string, AnyVerb>> = {
  ...HELLOS,
  ...extensionVerbs('beforeMail'),
  ...TRANSACTION,
  ...extensionVerbs('afterMail'),
  ...OTHERS,
};

function extensionVerbs(place: 'beforeMail' | 'afterMail'): Readonly<Record<string, AnyVerb>> {
  const here = ([, { refusedIn }]: [string, AnyVerb]): boolean =>
    (refusedIn?.ready === 'mailFirst') === (place === 'afterMail');
  return Object.fromEntries(Object.entries<AnyVerb>(EXTENSION_VERBS).filter(here));
}

/** A row with its name, and with nothing left out: the rows are looked at for every command, so they have one shape. */
export class VerbRow {
  readonly parse: AnyVerb['parse'];
  readonly refusedIn: ReadonlyMap<string, ConstantReply | 'notInTransaction'>;
  readonly beforeTls: boolean;
  readonly needsAuth: boolean;
  readonly extension: boolean;
  readonly afterHelo: boolean;
  readonly forRelays: boolean;
  readonly raw: boolean;
  readonly exact: boolean;
  readonly line: 'commandLine' | 'authLine';
  readonly declares: NonNullable<AnyVerb['declares']> | null;

  constructor(
    readonly name: string,
    verb: AnyVerb,
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
    this.declares = verb.declares ?? null;
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

function verbsOf(protocol: Protocol): [name: string, verb: AnyVerb][] {
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

const HELP: Readonly<Record<Protocol, Command>> = { smtp: help('smtp'), lmtp: help('lmtp') };

function help(protocol: Protocol): Command {
  const offered = verbsOf(protocol).filter(([, { absent }]) => absent !== true);
  const answer = reply('help', { commands: offered.map(([name]) => name).join(' ') });
  return { verb: 'HELP', answer };
}

function always(command: Command): AnyVerb['parse'] {
  return () => command;
}

function withoutArgument(verb: 'RSET' | 'QUIT'): AnyVerb['parse'] {
  const command = { verb } as const;
  const refusal = noArgument(verb);
  return (argument) => (argument === '' ? command : refusal);
}

function parseHello(verb: Hello['verb']): AnyVerb['parse'] {
  const refusal = reply('helloSyntax', { verb });
  return (argument, { syntax }) => {
    const name = syntax !== 'strict' || isHelloName(argument) ? anyHelloName(argument) : null;
    return name === null ? refusal : { verb, question: { type: 'hello', hello: { verb, name } } };
  };
}

// RFC 5321 4.1.1.2: mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF
function parseMail(argument: string, context: ParseContext): Command | Reply {
  const parts = parsePathArgument('FROM:', argument, context);
  if (parts === null) return reply('syntax', { syntax: 'MAIL FROM:<address> [parameters]' });
  if (parts instanceof Fault) return reply('badSender', { reason: parts.reason });
  // <postmaster> without a domain is a recipient only (RFC 5321 4.1.1.3).
  if (parts.mailbox?.domain === '' && context.syntax !== 'lenient') {
    return reply('badSender', { reason: 'the domain is missing' });
  }
  const parameters = readParameters('MAIL', parts.parameters, context);
  if (parameters instanceof Reply) return parameters;
  const refusal =
    (parts.ascii ? null : checkUtf8Address('MAIL', parameters)) ??
    checkMail(parameters, context.listener, context.authenticated);
  if (refusal !== null) return refusal;
  return { verb: 'MAIL', question: { type: 'mail', reversePath: parts.mailbox, parameters } };
}

// RFC 5321 4.1.1.3: rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
//                          [SP Rcpt-parameters] CRLF
function parseRcpt(argument: string, context: ParseContext): Command | Reply {
  const parts = parsePathArgument('TO:', argument, context);
  if (parts === null) return reply('syntax', { syntax: 'RCPT TO:<address> [parameters]' });
  if (parts instanceof Fault) return reply('badRecipient', { reason: parts.reason });
  if (parts.mailbox === null) return reply('badRecipient', { reason: 'a recipient cannot be <>' });
  const parameters = readParameters('RCPT', parts.parameters, context);
  if (parameters instanceof Reply) return parameters;
  const refusal = parts.ascii ? null : checkUtf8Address('RCPT', context.mail);
  if (refusal !== null) return refusal;
  if (context.full) return reply('tooManyRecipients', { limit: context.listener.limits.recipients });
  return { verb: 'RCPT', question: { type: 'rcpt', forwardPath: parts.mailbox, parameters } };
}

const DATA: Command = { verb: 'DATA', question: { type: 'data' } };
const DATA_ARGUMENT = noArgument('DATA');

function parseData(argument: string, { mail }: ParseContext): Command | Reply {
  return argument === '' ? (checkData(mail) ?? DATA) : DATA_ARGUMENT;
}

const VRFY: Command = { verb: 'VRFY', answer: reply('cannotVerify') };

// RFC 5321 4.1.1.6: vrfy = "VRFY" SP String CRLF
function parseVrfy(argument: string): Command | Reply {
  if (argument === '') return reply('syntax', { syntax: 'VRFY <address or name>' });
  return decodeUtf8(argument) === null || /\p{Cc}/u.test(argument) ? reply('unprintable') : VRFY;
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
): Parsed<PathArgument> | null {
  if (!binary.startsWith(keyword) && binary.slice(0, keyword.length).toUpperCase() !== keyword) return null;
  const common = parseCommonPath(binary, keyword.length);
  // Nearly all clients send this: an ASCII path and no parameters.
  if (common?.end === binary.length) return { mailbox: common.mailbox, ascii: true, parameters: '' };
  const argument = isAscii(binary) ? binary : decodeUtf8(binary);
  if (argument === null) return new Fault('it is not UTF-8');
  // RFC 5321 3.3 says no space after the colon; so many clients write one that it is taken, as a rule.
  const start = afterSpaces(argument, keyword.length);
  if (start > keyword.length && spaceBeforePath === 'reject') return null;
  const path = parsePathAt(argument, start, syntax);
  if (path instanceof Fault) return path;
  const rest = argument.slice(path.end);
  if (rest !== '' && !rest.startsWith(' ')) return new Fault('expected a space after >');
  return { mailbox: path.mailbox, ascii: isAscii(path.mailbox?.address ?? ''), parameters: trimStart(rest) };
}

function parsePathAt(argument: string, start: number, syntax: Syntax): Parsed<Path> {
  if (syntax !== 'strict' && argument[start] !== '<') return parseBarePath(argument, start);
  const path = parsePath(argument, start);
  return path instanceof Fault && syntax === 'lenient' ? parseLenientPath(argument, start) : path;
}

const NO_PARAMETERS = Object.freeze({});

/** Returns the parameters of MAIL or RCPT, or the reply that refuses them. */
function readParameters<Name extends keyof ParametersOf>(
  command: Name,
  text: string,
  context: ParseContext,
): ParametersOf[Name] | Reply {
  if (text === '') return NO_PARAMETERS;
  // RFC 5321 2.2.1 and 4.1.1.11: parameters come with EHLO only.
  if (!context.extended) return reply('unknownParameter', { parameter: keywordOf(text) });
  const parameters = parseParameters(command, text, context);
  if (!(parameters instanceof ParameterFault)) return parameters;
  const { parameter, reason } = parameters;
  return reason === null
    ? reply('unknownParameter', { parameter })
    : reply('badParameter', { parameter, reason });
}
