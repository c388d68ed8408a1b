import { Reply } from './reply.js';

/**
 * The closed catalogue: every reply that the machine itself can give, by name. `docs/replies.md` explains each to
 * users, and a test compares the two. `{name}` in a text is replaced when the reply is made.
 */
export const CATALOGUE = {
  greeting: [220, null, '{hostname} ESMTP ready'],
  lmtpGreeting: [220, null, '{hostname} LMTP ready'],
  hello: [250, null, '{hostname} Nice to meet you, [{address}]'],
  help: [214, '2.0.0', 'Commands: {commands}'],
  readyForTls: [220, '2.0.0', 'Ready to start TLS'],
  bye: [221, '2.0.0', 'Bye'],
  authenticated: [235, '2.7.0', 'Authentication successful'],
  ok: [250, '2.0.0', 'Ok'],
  senderOk: [250, '2.1.0', 'Sender ok'],
  recipientOk: [250, '2.1.5', 'Recipient ok'],
  chunkOk: [250, '2.0.0', 'Ok: {size} octets so far'],
  accepted: [250, '2.0.0', 'Ok: message accepted'],
  cannotVerify: [252, '2.5.0', 'Cannot verify, but will take mail for it and attempt delivery'],
  challenge: [334, null, '{challenge}'],
  startMail: [354, null, 'End data with <CR><LF>.<CR><LF>'],

  shuttingDown: [421, '4.3.2', '{hostname} is shutting down, try again later'],
  tooManyErrors: [421, '4.7.0', 'Too many errors, closing the connection'],
  tooManyAuthFailures: [421, '4.7.0', 'Too many failed authentications, closing the connection'],
  notSmtp: [421, '4.7.0', 'This is an SMTP server, and that was not SMTP'],
  lineNeverEnds: [421, '4.7.0', 'A line without end, closing the connection'],
  timeout: [421, '4.4.2', '{what} took too long, closing the connection'],
  tooManyMessages: [421, '4.7.0', 'Too many messages on one connection: at most {limit}, connect again'],
  tooManyConnections: [421, '4.7.0', 'Too many connections, try again later'],
  internal: [451, '4.3.0', 'Local error, try again later'],
  tooManyRecipients: [452, '4.5.3', 'Too many recipients: at most {limit} a message'],
  authAborted: [501, '5.7.0', 'Authentication cancelled'],

  notRecognized: [500, '5.5.2', 'Command not recognized'],
  bareNewline: [500, '5.5.2', 'Commands end with <CR><LF>, nothing else'],
  lineTooLong: [500, '5.5.2', 'Line too long: at most {limit} octets'],
  authLineTooLong: [500, '5.5.6', 'Authentication line too long: at most {limit} octets'],
  unprintable: [500, '5.5.2', 'Commands are printable ASCII'],
  syntax: [501, '5.5.4', 'Syntax: {syntax}'],
  chunkSyntax: [501, '5.5.4', 'Syntax: BDAT size [LAST]'],
  helloSyntax: [501, '5.5.4', 'Syntax: {verb} <your domain name or [address]>'],
  badSender: [501, '5.1.7', 'Bad sender address: {reason}'],
  badRecipient: [501, '5.1.3', 'Bad recipient address: {reason}'],
  badParameter: [501, '5.5.4', 'Bad parameter {parameter}: {reason}'],
  badBase64: [501, '5.5.2', 'Cannot decode: expected base64 (RFC 4648) with its padding'],
  badCredentials: [501, '5.5.2', 'Cannot use the credentials: {reason}'],
  notImplemented: [502, '5.5.1', '{verb} is not offered here'],
  turnedAway: [503, '5.5.1', 'You were turned away: send QUIT'],
  helloFirst: [503, '5.5.1', 'Send EHLO first'],
  lhloFirst: [503, '5.5.1', 'Send LHLO first'],
  nestedMail: [503, '5.5.1', 'MAIL was sent already: finish that message, or send RSET'],
  mailFirst: [503, '5.5.1', 'Send MAIL first'],
  recipientFirst: [554, '5.5.1', 'No valid recipients'],
  lmtpRecipientFirst: [503, '5.5.1', 'No valid recipients'],
  chunksBegun: [503, '5.5.1', 'BDAT was sent already: finish with BDAT, or send RSET'],
  binaryNeedsChunks: [503, '5.5.1', 'A message of BODY=BINARYMIME comes by BDAT'],
  unsolicitedBody: [503, '5.5.1', 'Message refused: it was sent without waiting for 354'],
  alreadySecure: [503, '5.5.1', 'TLS is active already'],
  alreadyAuthenticated: [503, '5.5.1', 'Already authenticated'],
  notInTransaction: [503, '5.5.1', '{verb} cannot come inside a mail transaction'],
  unknownMechanism: [504, '5.5.4', 'Unrecognized authentication mechanism'],
  authRequired: [530, '5.7.0', 'Authentication required'],
  notTrusted: [550, '5.7.0', '{verb} is for relays that are trusted'],
  tlsRequired: [530, '5.7.0', 'Must issue a STARTTLS command first'],
  authNeedsTls: [538, '5.7.11', 'Encryption required for authentication: send STARTTLS first'],
  authFailed: [535, '5.7.8', 'Authentication credentials invalid'],
  sizeExceeded: [552, '5.3.4', 'Message too big: at most {limit} octets'],
  senderNeedsUtf8: [550, '5.6.7', 'Address is not ASCII: send SMTPUTF8 with MAIL'],
  recipientNeedsUtf8: [553, '5.6.7', 'Address is not ASCII: send SMTPUTF8 with MAIL'],
  deliverByTooSoon: [555, '5.5.4', 'Delivery within less than {minimum} seconds cannot be promised'],
  bareNewlineInContent: [550, '5.6.0', 'Bare {octet} in line {line} of the message: lines end with <CR><LF>'],
  nulInContent: [550, '5.6.0', 'NUL in line {line} of the message: a message has none'],
  certificateRequired: [554, '5.7.0', 'A client certificate is required: {problem}'],
  earlyTalker: [554, '5.5.0', 'Data sent before the greeting'],
  unknownParameter: [555, '5.5.4', 'Parameter not recognized: {parameter}'],
} as const satisfies Record<string, readonly [code: number, enhanced: string | null, text: string]>;

export type ReplyName = keyof typeof CATALOGUE;

/** A reply of the catalogue, which knows its name. */
class NamedReply extends Reply {
  readonly #name: ReplyName;

  constructor(name: ReplyName, text: string | readonly string[], behind: Reply | null = null) {
    const [code, enhanced] = CATALOGUE[name];
    super(code, enhanced, text, behind);
    this.#name = name;
  }

  override get name(): ReplyName {
    return this.#name;
  }
}

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
/** The names to fill in for a reply. */
export type Fillings<Name extends ReplyName> = Record<
  Placeholders<(typeof CATALOGUE)[Name][2]>,
  string | number
>;
/** Names of the replies that have nothing to fill in. */
export type ConstantReply = {
  [Name in ReplyName]: Placeholders<(typeof CATALOGUE)[Name][2]> extends never ? Name : never;
}[ReplyName];

/** Replies without placeholders, each made when it is first asked for. */
const constants = new Map<string, Reply>();
/** The texts in parts: the second, fourth... is the name of what is filled in. */
const templates = new Map<string, readonly string[]>();

/** A reply of the catalogue. Constant ones are built once. */
export function reply(name: ConstantReply): Reply;
export function reply<Name extends ReplyName>(name: Name, fillings: Fillings<Name>): Reply;
export function reply(name: ReplyName, fillings?: Readonly<Record<string, string | number>>): Reply {
  const constant = constants.get(name);
  if (constant !== undefined) return constant;
  const made = new NamedReply(name, filled(name, fillings));
  if (templateOf(name).length === 1) constants.set(name, made);
  return made;
}

/** The same, with a text of the embedder's own in place of the catalogue's. */
export function replyWith(name: ReplyName, text: string | readonly string[]): Reply {
  return new NamedReply(name, text);
}

function templateOf(name: ReplyName): readonly string[] {
  let parts = templates.get(name);
  if (parts === undefined) {
    parts = CATALOGUE[name][2].split(/\{(\w+)\}/);
    templates.set(name, parts);
  }
  return parts;
}

function filled(name: ReplyName, fillings: Readonly<Record<string, string | number>> | undefined): string {
  let text = '';
  for (const [i, part] of templateOf(name).entries()) {
    text += i % 2 === 0 ? part : String(fillings?.[part] ?? '');
  }
  return text;
}

/**
 * The answer to EHLO, LHLO (`announced`: what is on offer, a line each) or HELO (null).
 *
 * @param text what follows the hostname, in place of the catalogue's own; null for that.
 */
export function helloReply(
  fillings: Fillings<'hello'>,
  announced: Reply | null,
  text: string | null = null,
): Reply {
  const line = text === null ? filled('hello', fillings) : `${fillings.hostname} ${text}`;
  return new NamedReply('hello', line, announced);
}
