import { formatDate } from './date.js';

/** Line length at which the field is folded (RFC 5322 2.1.1: should), in octets without CRLF. */
const FOLD_AT = 78;
/** Longest path of RFC 5321 4.5.3.1.3, in octets. A longer one did not come through this server's RCPT. */
const MAX_PATH = 256;

/** The facts of the transaction that the trace field of its message states. */
export interface Trace {
  /** The name given in HELO or EHLO: the client chooses it. */
  readonly helloName: string;
  /** True for EHLO and LHLO, false for HELO. */
  readonly extended: boolean;
  /** True if the message came by LMTP. Default: false. */
  readonly lmtp?: boolean;
  /** It came by HTTP. Default: false. */
  readonly http?: boolean;
  /** IP address of the client, without brackets; an IPv4 address mapped into IPv6 is shown as IPv4. */
  readonly clientAddress: string;
  /** This server's own name, in A-labels. */
  readonly hostname: string;
  /** Version and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`; null without TLS. */
  readonly tls: string | null;
  /** True if the client is authenticated. */
  readonly authenticated: boolean;
  /** True if MAIL had the SMTPUTF8 parameter. */
  readonly utf8: boolean;
  /** This server's id of the message. */
  readonly id: string;
  /** Envelope recipients, without angle brackets. Shown only if there is exactly one: the others may be Bcc. */
  readonly recipients: readonly string[];
  /** The value of MT-PRIORITY (RFC 6710), -9 to 9; null or absent if it was not given. */
  readonly priority?: number | null;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/**
 * Returns a Received field (RFC 5321 4.4), folded, with its CRLF. Nothing in the trace can break it: each part is
 * printable, has a bounded length, and cannot be taken for a comment, a fold or another field.
 *
 * @param utf8Header true if the other fields of the message have octets beyond ASCII. If not, this field
 * is ASCII too: it would otherwise be the only reason why the message needs SMTPUTF8 on its way.
 */
export function receivedField(trace: Trace, utf8Header: boolean = trace.utf8): string {
  const tokens = ['Received:', 'from', safeHost(trace.helloName)];
  const client = clientInfo(trace.clientAddress);
  if (client !== null) tokens.push(client);
  tokens.push('by', safeHost(trace.hostname), 'with', withKeyword(trace));
  if (trace.tls !== null) tokens.push(tlsComment(trace.tls));
  tokens.push('id', safeAtom(trace.id, FOLD_AT));
  const path = recipientToShow(trace, utf8Header);
  if (path !== null) tokens.push('for', `<${path}>`);
  // RFC 6710 4.1 and 7: an additional clause, after all others.
  if (typeof trace.priority === 'number') tokens.push('PRIORITY', String(trace.priority));
  return `${fold(tokens, formatDate(trace.time), utf8Header)}\r\n`;
}

/**
 * Returns the protocol keyword: ESMTP or LMTP, with S and A (RFC 3848); UTF8SMTP and UTF8LMTP if SMTPUTF8 is in use
 * (RFC 6531 4.3). HELO over TLS has no keyword of its own, so the comment of the field mentions TLS.
 */
export function withKeyword(
  trace: Pick<Trace, 'extended' | 'lmtp' | 'http' | 'tls' | 'authenticated' | 'utf8'>,
): string {
  if (trace.http === true) return 'HTTP';
  if (!trace.extended) return 'SMTP';
  const protocol =
    trace.lmtp === true ? (trace.utf8 ? 'UTF8LMTP' : 'LMTP') : trace.utf8 ? 'UTF8SMTP' : 'ESMTP';
  return protocol + (trace.tls === null ? '' : 'S') + (trace.authenticated ? 'A' : '');
}

/**
 * Returns a domain or an address literal as it is, and replaces odd characters in anything else. Names beyond ASCII
 * are changed too: EHLO is sent before SMTPUTF8 is known, so its name has to be in A-labels (RFC 6531 3.7.1).
 */
function safeHost(name: string): string {
  return name.length <= 255 && /^\[[0-9A-Za-z.:-]+\]$/.test(name) ? name : safeAtom(name, 255);
}

function safeAtom(text: string, limit: number): string {
  // Most names need no replacement, and the test costs less than a replacement that changes nothing.
  if (text.length <= limit && /^[0-9A-Za-z._-]+$/.test(text)) return text;
  const safe = text.slice(0, limit).replace(/[^0-9A-Za-z._-]/g, '?');
  return safe === '' ? 'unknown' : safe;
}

/** TCP-info, the part that the client could not choose: an address literal (RFC 5321 4.1.3) in a comment. */
function clientInfo(address: string): string | null {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) return `([${address}])`;
  const bare = address.replace(/%.*$/s, '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(bare)) return null;
  return bare.includes(':') ? `([IPv6:${bare}])` : `([${bare}])`;
}

function tlsComment(tls: string): string {
  return `(${tls
    .slice(0, 200)
    .replace(/[^0-9A-Za-z._ -]/g, '?')
    .trim()})`;
}

/** Returns the recipient if there is exactly one and readers of the field can take it; else null. */
function recipientToShow({ recipients }: Trace, utf8: boolean): string | null {
  const [only] = recipients;
  if (only === undefined || recipients.length > 1) return null;
  // RFC 6531 3.7.3: an address beyond ASCII is shown only if the message is internationalised anyway.
  const shown = utf8 ? /^[^\p{C}\p{Zl}\p{Zp}]+$/u : /^[ -~]+$/;
  return shown.test(only) && octetsOf(only, utf8) <= MAX_PATH ? only : null;
}

/**
 * Folds the clauses, a semicolon and the date. It folds between tokens only and cuts no token, so a long token gets a
 * line of its own. On the path of every message: one pass, and each token is measured once.
 *
 * @param utf8 true if a token may hold more than ASCII
 */
function fold(clauses: readonly string[], date: string, utf8: boolean): string {
  let text = '';
  let width = 0;
  const put = (token: string): void => {
    const octets = octetsOf(token, utf8);
    const folded = text !== '' && width + 1 + octets > FOLD_AT;
    text += text === '' ? token : folded ? `\r\n ${token}` : ` ${token}`;
    width = (folded ? 0 : width) + (text === token ? 0 : 1) + octets;
  };
  const last = clauses.length - 1;
  for (let index = 0; index < last; index += 1) put(clauses[index] ?? '');
  put(`${clauses[last] ?? ''};`);
  // In most cases the whole date fits.
  if (width + 1 + date.length <= FOLD_AT) put(date);
  else for (const token of date.split(' ')) put(token);
  return text;
}

function octetsOf(text: string, utf8: boolean): number {
  return utf8 ? Buffer.byteLength(text) : text.length;
}
