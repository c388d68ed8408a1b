import { decodeUtf8 } from '../../base/octets.js';
import {
  type NotifyOn,
  type OriginalRecipient,
  parseEnvid,
  parseNotify,
  parseOrcpt,
  parseRet,
  type Ret,
} from './dsn.js';
import { parseMailbox, PathFault } from './mailbox.js';
import { type By, parseBy, parseHoldFor, parseHoldUntil, parsePriority, parseRequireTls } from './timing.js';
import { decodeXtext } from './xtext.js';

/** How the content is coded: RFC 6152 and RFC 3030. */
export type BodyType = (typeof BODIES)[number];

const BODIES = ['7BIT', '8BITMIME', 'BINARYMIME'] as const;

/** The parameters of MAIL, parsed; those that were not given are absent. */
export interface MailParameters {
  /** Octets the client means to send: RFC 1870. */
  readonly size?: number;
  readonly body?: BodyType;
  /** RFC 6531. */
  readonly smtputf8?: true;
  /** The mailbox that first submitted the message, null for `<>`: RFC 4954 5. */
  readonly auth?: string | null;
  /** What of the message a notification of its failure brings back: RFC 3461 4.3. */
  readonly ret?: Ret;
  /** The sender's name for this sending, decoded, for notifications: RFC 3461 4.4. */
  readonly envid?: string;
  /** RFC 2852. */
  readonly by?: By;
  /** Seconds that the message is held before it goes on: RFC 4865. */
  readonly holdFor?: number;
  /** The time until which it is held, in milliseconds since the epoch: RFC 4865. */
  readonly holdUntil?: number;
  /** -9 to 9; what is higher goes first: RFC 6710. */
  readonly priority?: number;
  /** It goes on over TLS only, to servers that promise the same: RFC 8689. */
  readonly requireTls?: true;
}

/** The parameters of RCPT, parsed; those that were not given are absent. */
export interface RcptParameters {
  /** What to notify of; nothing at all where empty (NEVER): RFC 3461 4.1. */
  readonly notify?: readonly NotifyOn[];
  /** RFC 3461 4.2. */
  readonly orcpt?: OriginalRecipient;
}

/** A parameter that is wrong, and why, for the client. */
export class ParameterFault {
  constructor(
    readonly parameter: string,
    /** Null where the keyword itself is unknown. */
    readonly reason: string | null,
  ) {}
}

/** What a parser must know of the session. */
export interface ParameterContext {
  /** Keywords of the extensions that EHLO announces here. */
  readonly offered: ReadonlySet<string>;
  /** The transaction has SMTPUTF8. */
  readonly smtputf8: boolean;
}

/** One keyword: which command takes it, and how its value reads. */
interface ParameterRow {
  readonly command: 'MAIL' | 'RCPT';
  /** The EHLO keyword of its extension: where that is not on offer, the parameter is unknown. */
  readonly extension: string;
  /** Returns the field of the parsed parameters, or the reason why the value is wrong. */
  readonly parse: (value: string | null, context: ParameterContext) => object | string;
}

// One row a keyword. A new extension adds a row here and a line to extensions.ts.
export const PARAMETERS: Readonly<Record<string, ParameterRow>> = {
  SIZE: {
    command: 'MAIL',
    extension: 'SIZE',
    // RFC 1870 4: size-value ::= 1*20DIGIT
    parse: (value) =>
      value !== null && /^\d{1,20}$/.test(value) ? { size: Number(value) } : 'expected 1 to 20 digits',
  },
  BODY: {
    command: 'MAIL',
    extension: '8BITMIME',
    parse: (value, { offered }) => {
      const bodies = BODIES.filter((name) => name !== 'BINARYMIME' || offered.has(name));
      const body = bodies.find((name) => name === value?.toUpperCase());
      return body === undefined ? `expected ${bodies.join(', ')}` : { body };
    },
  },
  SMTPUTF8: {
    command: 'MAIL',
    extension: 'SMTPUTF8',
    parse: (value) => (value === null ? { smtputf8: true } : 'takes no value'),
  },
  AUTH: { command: 'MAIL', extension: 'AUTH', parse: parseAuthParameter },
  RET: { command: 'MAIL', extension: 'DSN', parse: parseRet },
  ENVID: { command: 'MAIL', extension: 'DSN', parse: parseEnvid },
  BY: { command: 'MAIL', extension: 'DELIVERBY', parse: parseBy },
  HOLDFOR: { command: 'MAIL', extension: 'FUTURERELEASE', parse: parseHoldFor },
  HOLDUNTIL: { command: 'MAIL', extension: 'FUTURERELEASE', parse: parseHoldUntil },
  'MT-PRIORITY': { command: 'MAIL', extension: 'MT-PRIORITY', parse: parsePriority },
  REQUIRETLS: { command: 'MAIL', extension: 'REQUIRETLS', parse: parseRequireTls },
  NOTIFY: { command: 'RCPT', extension: 'DSN', parse: parseNotify },
  ORCPT: {
    command: 'RCPT',
    extension: 'DSN',
    parse: (value, { smtputf8 }) => parseOrcpt(value, smtputf8),
  },
};

// RFC 4954 5: "AUTH=" followed by a mailbox, encoded as xtext, or "<>".
function parseAuthParameter(value: string | null): { readonly auth: string | null } | string {
  if (value === '<>') return { auth: null };
  const decoded = value === null || value === '' ? null : decodeXtext(value);
  if (decoded === null) return 'expected xtext (RFC 3461 4) or <>';
  const auth = decodeUtf8(decoded);
  const mailbox = auth === null ? null : parseMailbox(auth);
  // <postmaster> alone is a recipient only.
  const sound = mailbox !== null && !(mailbox instanceof PathFault) && mailbox.domain !== '';
  return sound ? { auth } : 'expected a mailbox or <>';
}

// RFC 5321 4.1.2
//   esmtp-param    = esmtp-keyword ["=" esmtp-value]
//   esmtp-keyword  = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
//   esmtp-value    = 1*(%d33-60 / %d62-126) ; RFC 6531 3.3 adds UTF8-non-ascii
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=((?:[!-<>-~]|[^\0-\x7f])*))?$/u;

export function parseParameters(
  command: 'MAIL',
  text: string,
  context: ParameterContext,
): MailParameters | ParameterFault;
export function parseParameters(
  command: 'RCPT',
  text: string,
  context: ParameterContext,
): RcptParameters | ParameterFault;
export function parseParameters(
  command: 'MAIL' | 'RCPT',
  text: string,
  context: ParameterContext,
): object | ParameterFault {
  if (text === '') return NO_PARAMETERS;
  let parsed: object = {};
  const seen = new Set<string>();
  for (const word of text.split(' ')) {
    if (word === '') continue;
    const match = PARAMETER.exec(word);
    if (match === null) return new ParameterFault(keywordOf(word), 'expected keyword or keyword=value');
    const keyword = (match[1] as string).toUpperCase();
    const row = Object.hasOwn(PARAMETERS, keyword) ? PARAMETERS[keyword] : undefined;
    if (row === undefined || row.command !== command || !context.offered.has(row.extension)) {
      return new ParameterFault(keyword, null);
    }
    if (seen.has(keyword)) return new ParameterFault(keyword, 'given twice');
    seen.add(keyword);
    const result = row.parse(match[2] ?? null, context);
    if (typeof result === 'string') return new ParameterFault(keyword, result);
    parsed = { ...parsed, ...result };
  }
  return parsed;
}

const NO_PARAMETERS = Object.freeze({});

/**
 * The keyword of the first parameter in a text that may be none, to name it by; `?` where it has none. Nothing
 * behind it is told: a value may be what nobody else is to see.
 */
export function keywordOf(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9-]*/.exec(text)?.[0].toUpperCase() ?? '?';
}
