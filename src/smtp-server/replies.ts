import { CATALOGUE, Reply, type ReplyName } from '../protocol/parts.js';
import type { AnyOptions } from './defaults.js';
import { BAD_ATTRIBUTE } from './relays.js';

/**
 * The words of smtp-server for the replies of the catalogue, since programs and tests compare them. A code stands here
 * if it is not the catalogue's; `{name}` is the server's name.
 */
const WORDS: Readonly<Partial<Record<ReplyName, string | readonly [code: number, text: string]>>> = {
  help: 'See https://tools.ietf.org/html/rfc5321 for details',
  readyForTls: 'Ready to start TLS',
  ok: 'OK',
  senderOk: 'Accepted',
  recipientOk: 'Accepted',
  accepted: 'OK: message queued',
  cannotVerify: 'Try to send something. No promises though',
  shuttingDown: 'Server shutting down',
  notSmtp: 'HTTP requests not allowed',
  timeout: 'Timeout - closing connection',
  tooManyConnections: '{name} Too many connected clients, try again in a moment',
  internal: 'Error: internal server error',
  authAborted: 'Authentication aborted',
  notRecognized: 'Error: command not recognized',
  lineTooLong: [421, 'Error: Command line too long'],
  lineNeverEnds: 'Error: Command line too long',
  badSender: 'Error: Bad sender address syntax',
  badRecipient: 'Error: Bad recipient address syntax',
  badBase64: 'Error: invalid userdata',
  badCredentials: 'Error: invalid userdata',
  helloFirst: 'Error: send HELO/EHLO first',
  lhloFirst: 'Error: send LHLO first',
  nestedMail: 'Error: nested MAIL command',
  mailFirst: 'Error: need MAIL command',
  recipientFirst: [503, 'Error: need RCPT command'],
  lmtpRecipientFirst: 'Error: need RCPT command',
  alreadySecure: 'Error: TLS already active',
  alreadyAuthenticated: 'Error: No identity changes permitted',
  unknownMechanism: 'Error: Unrecognized authentication type',
  notTrusted: 'Error: Not allowed',
  notInTransaction: 'Error: Mail transaction in progress',
  authFailed: 'Error: Authentication credentials invalid',
  earlyTalker: [421, '{name} You talk too soon'],
};

/** The words for a bad parameter of MAIL and RCPT, by its name. */
const PARAMETERS: Readonly<Record<string, string>> = {
  BODY: 'Invalid BODY parameter value. Must be 7BIT or 8BITMIME',
  SMTPUTF8: 'Invalid SMTPUTF8 parameter. This flag does not accept a value',
  REQUIRETLS: 'Invalid REQUIRETLS parameter. This flag does not accept a value',
  RET: 'Invalid RET parameter value. Must be FULL or HDRS',
  NOTIFY: 'Error: NOTIFY parameter must be NEVER, SUCCESS, FAILURE, or DELAY',
  ORCPT: 'Error: Bad ORCPT parameter syntax',
};

/** Enhanced codes for replies to hooks, by code (RFC 3463). */
const ENHANCED: Readonly<Record<number, string>> = {
  421: '4.4.2',
  450: '4.2.1',
  451: '4.3.0',
  452: '4.5.3',
  454: '4.7.0',
  500: '5.5.2',
  501: '5.5.4',
  503: '5.5.1',
  504: '5.5.4',
  530: '5.7.0',
  535: '5.7.8',
  538: '5.7.11',
  550: '5.1.1',
  552: '5.3.4',
  553: '5.1.3',
  554: '5.6.0',
};

/** @param text of the catalogue, which says more than the name */
function wordsFor(
  name: ReplyName,
  text: string,
  verb: string,
): string | readonly [code: number, text: string] {
  if (name === 'syntax' && verb === 'MAIL') return 'Error: Bad sender address syntax';
  if (name === 'syntax' && verb === 'RCPT') return 'Error: Bad recipient address syntax';
  if (name === 'badParameter' && text.includes('NEVER stands alone')) {
    return 'Error: NOTIFY=NEVER cannot be combined with other values';
  }
  if ((name === 'badParameter' || name === 'syntax') && (verb === 'XCLIENT' || verb === 'XFORWARD')) {
    return BAD_ATTRIBUTE;
  }
  const parameter = name === 'badParameter' ? /^Bad parameter (\w+)/.exec(text)?.[1] : undefined;
  return PARAMETERS[parameter ?? ''] ?? WORDS[name] ?? text;
}

/** Makes the replies of a server: in the words of smtp-server, with enhanced codes if its options say so. */
export class Replies {
  /** The replies of the catalogue that are constant, in other words. */
  readonly #reworded = new WeakMap<Reply, Reply>();

  constructor(private readonly options: AnyOptions) {}

  /** Returns a reply of the catalogue in other words, by the verb that it answers; any other reply as it is. */
  reworded(given: Reply, verb: string): Reply {
    const name = given.name as ReplyName | null;
    if (name === 'ok' && verb === 'RSET') return this.of(250, 'Flushed', '2.0.0');
    if (name === 'mailFirst' && verb === 'DATA') return this.of(503, 'Error: need RCPT command');
    // EHLO and the greeting have no enhanced code, and those of hooks are made here.
    if (name === null || CATALOGUE[name][1] === null) return given;
    const known = this.#reworded.get(given);
    if (known !== undefined) return known;
    const words = wordsFor(name, given.lines.join(' '), verb);
    const [code, text] = typeof words === 'string' ? [given.code, words] : words;
    // A 421 has no code of class 5.
    const enhanced = given.enhanced?.startsWith(String(code).charAt(0)) === true ? given.enhanced : undefined;
    const made = this.of(code, text.replace('{name}', this.options.name), enhanced);
    this.#reworded.set(given, made);
    return made;
  }

  /** @param enhanced sent only if the server has enhanced codes. Default: by the code. */
  of(code: number, text: string, enhanced = ENHANCED[code] ?? `${Math.floor(code / 100)}.0.0`): Reply {
    return new Reply(code, this.options.hideENHANCEDSTATUSCODES === false ? enhanced : null, text);
  }

  /**
   * Returns the refusal for an error of a hook. An error is never a yes: if its `responseCode` is no code of a refusal,
   * the reply has the code that the command has by default.
   */
  refusal(error: Error & { readonly responseCode?: unknown }, code: number): Reply {
    const { responseCode } = error;
    const refuses = typeof responseCode === 'number' && /^[45][0-5]\d$/.test(String(responseCode));
    return this.of(refuses ? responseCode : code, error.message);
  }
}
