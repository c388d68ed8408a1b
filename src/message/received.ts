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
 */
export function receivedField(trace: Trace): string {
  const tokens = [
    'Received:',
    'from',
    safeHost(trace.helloName),
    ...clientInfo(trace.clientAddress),
    'by',
    safeHost(trace.hostname),
    'with',
    withKeyword(trace),
    ...tlsComment(trace.tls),
    'id',
    safeAtom(trace.id, FOLD_AT),
    ...forClause(trace),
    // RFC 6710 4.1 and 7: an additional clause, behind all others.
    ...(trace.priority === undefined || trace.priority === null ? [] : ['PRIORITY', String(trace.priority)]),
  ];
  return `${fold([...separated(tokens), ...formatDate(trace.time).split(' ')])}\r\n`;
}

/**
 * The protocol keyword: ESMTP or LMTP, with S and A (RFC 3848), UTF8SMTP and UTF8LMTP where SMTPUTF8 is in use
 * (RFC 6531 4.3). There is none for HELO on TLS: the comment tells it.
 */
export function withKeyword(
  trace: Pick<Trace, 'extended' | 'lmtp' | 'tls' | 'authenticated' | 'utf8'>,
): string {
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
  const safe = text.slice(0, limit).replace(/[^0-9A-Za-z._-]/g, '?');
  return safe === '' ? 'unknown' : safe;
}

/** TCP-info, the part that the client could not choose: an address literal (RFC 5321 4.1.3) in a comment. */
function clientInfo(address: string): string[] {
  const bare = address.replace(/%.*$/s, '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(bare)) return [];
  return [bare.includes(':') ? `([IPv6:${bare}])` : `([${bare}])`];
}

function tlsComment(tls: string | null): string[] {
  if (tls === null) return [];
  const words = tls.slice(0, 200).replace(/[^0-9A-Za-z._ -]/g, '?');
  return [`(${words.trim()})`];
}

function forClause(trace: Trace): string[] {
  const [only, ...others] = trace.recipients;
  if (only === undefined || others.length > 0 || Buffer.byteLength(only) > MAX_PATH) return [];
  // RFC 6531 3.7.3: beyond ASCII only where the message is internationalised anyway.
  const shown = trace.utf8 ? /^[^\p{C}\p{Zl}\p{Zp}]+$/u : /^[ -~]+$/;
  return shown.test(only) ? ['for', `<${only}>`] : [];
}

/** The clauses end in a semicolon, after which the date comes. */
function separated(tokens: readonly string[]): string[] {
  return [...tokens.slice(0, -1), `${tokens[tokens.length - 1] ?? ''};`];
}

/** Between tokens only: none of them is cut, so a longer one gets a line of its own. */
function fold(tokens: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  for (const token of tokens) {
    const longer = line === '' ? token : `${line} ${token}`;
    if (line !== '' && Buffer.byteLength(longer) > FOLD_AT) {
      lines.push(line);
      line = ` ${token}`;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\r\n');
}
