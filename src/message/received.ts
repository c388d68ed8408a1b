import { formatDate } from './date.js';

/** Where a line is folded (RFC 5322 2.1.1: should), in octets without CRLF. */
const FOLD_AT = 78;
/** Longest path of RFC 5321 4.5.3.1.3; a longer one did not come through our own RCPT. */
const MAX_PATH = 256;

/** What is known of the transaction that a message came in, as far as its trace field tells it. */
export interface Trace {
  /** The name given in HELO or EHLO: whatever the client chose to send. */
  readonly helloName: string;
  /** True for EHLO and LHLO, false for HELO. */
  readonly extended: boolean;
  /** It came by LMTP. Default: false. */
  readonly lmtp?: boolean;
  /** It came by HTTP. Default: false. */
  readonly http?: boolean;
  /** IP address of the client, without brackets; an IPv4 address mapped into IPv6 is shown as IPv4. */
  readonly clientAddress: string;
  /** Our own name, in A-labels. */
  readonly hostname: string;
  /** Version and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`; null without TLS. */
  readonly tls: string | null;
  /** Whether the client is authenticated. */
  readonly authenticated: boolean;
  /** Whether MAIL had the SMTPUTF8 parameter. */
  readonly utf8: boolean;
  /** Our name for the message. */
  readonly id: string;
  /** Envelope recipients, without angle brackets. Named only where there is one: the rest may be Bcc. */
  readonly recipients: readonly string[];
  /** What MT-PRIORITY said (RFC 6710), -9 to 9; null or absent where it was not given. */
  readonly priority?: number | null;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/**
 * A Received field (RFC 5321 4.4), folded, with its CRLF. Nothing in the trace can break it: each part is
 * printable, of a bounded length, and cannot be taken for a comment, a fold or another field.
 *
 * @param utf8Header whether the other fields of the message have octets beyond ASCII. If they have none, the field has
 *   none either: it would be the only reason why the message needs SMTPUTF8 on its way.
 */
export function receivedField(trace: Trace, utf8Header: boolean = trace.utf8): string {
  const tokens = ['Received:', 'from', safeHost(trace.helloName)];
  const client = clientInfo(trace.clientAddress);
  if (client !== null) tokens.push(client);
  tokens.push('by', safeHost(trace.hostname), 'with', withKeyword(trace));
  if (trace.tls !== null) tokens.push(tlsComment(trace.tls));
  tokens.push('id', safeAtom(trace.id, FOLD_AT));
  const path = pathToTell(trace, utf8Header);
  if (path !== null) tokens.push('for', `<${path}>`);
  // RFC 6710 4.1 and 7: an additional clause, behind all others.
  if (typeof trace.priority === 'number') tokens.push('PRIORITY', String(trace.priority));
  return `${fold(tokens, formatDate(trace.time), utf8Header)}\r\n`;
}

/**
 * The protocol keyword: ESMTP or LMTP, with S and A (RFC 3848), UTF8SMTP and UTF8LMTP where SMTPUTF8 is in use
 * (RFC 6531 4.3). There is none for HELO on TLS: the comment tells it.
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
 * A domain or an address literal as it is, everything else with its odd characters replaced. Names beyond
 * ASCII among them: a hello is said before SMTPUTF8 is known, so it has to be in A-labels (RFC 6531 3.7.1).
 */
function safeHost(name: string): string {
  return name.length <= 255 && /^\[[0-9A-Za-z.:-]+\]$/.test(name) ? name : safeAtom(name, 255);
}

function safeAtom(text: string, limit: number): string {
  // To look first costs less than to replace nothing.
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

/** The only recipient, where there is one and no reader of the field is put out by it. */
function pathToTell({ recipients }: Trace, utf8: boolean): string | null {
  const [only] = recipients;
  if (only === undefined || recipients.length > 1) return null;
  // RFC 6531 3.7.3: beyond ASCII only where the message is internationalised anyway.
  const shown = utf8 ? /^[^\p{C}\p{Zl}\p{Zp}]+$/u : /^[ -~]+$/;
  return shown.test(only) && octetsOf(only, utf8) <= MAX_PATH ? only : null;
}

/**
 * The clauses, a semicolon, the date; folded between tokens only: none of them is cut, so a longer one gets a
 * line of its own. On the path of every message: one pass, and each token is measured once.
 *
 * @param utf8 whether a token may hold more than ASCII
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
  // Mostly all of it has room.
  if (width + 1 + date.length <= FOLD_AT) put(date);
  else for (const token of date.split(' ')) put(token);
  return text;
}

function octetsOf(text: string, utf8: boolean): number {
  return utf8 ? Buffer.byteLength(text) : text.length;
}
