import { isIP, isIPv6 } from 'node:net';
import { formatDate } from '../../message/date.js';
import type { ReportedRecipient } from '../../store/queue.js';
import type { NotificationFacts } from './notice.js';
import { statusAddress } from './status-address.js';
import { statusOf } from './status-code.js';

/** The data for the machine-readable part that are not in the notice. */
interface StatusFacts {
  /** The name of this server. */
  readonly hostname: string;
  /** The time until which a delayed message is tried, in milliseconds since the epoch. */
  readonly retryUntil: number;
  /** Whether the fields may hold UTF-8: message/global-delivery-status (RFC 6533 4). */
  readonly utf8: boolean;
}

/**
 * Returns the body of message/delivery-status (RFC 3464 2): groups of fields with an empty line between them, all with
 * CRLF.
 */
export function deliveryStatus(notice: NotificationFacts, facts: StatusFacts): string {
  const groups = [
    aboutMessage(notice, facts),
    ...notice.recipients.map((one) => aboutRecipient(notice, one, facts)),
  ];
  return groups.map((fields) => fields.map((field) => fieldLine(field, facts.utf8)).join('')).join('\r\n');
}

type StatusField = readonly [name: string, value: string];

// RFC 3464 2.2, with RFC 2852 5 and RFC 4865 5.1.2
function aboutMessage(
  { report: { terms, receivedAt } }: NotificationFacts,
  { hostname }: StatusFacts,
): StatusField[] {
  const { envelopeId, deliverBy, releaseAt } = terms;
  return [
    ...field('Original-Envelope-Id', envelopeId),
    ['Reporting-MTA', `dns; ${hostname}`],
    ['Arrival-Date', formatDate(receivedAt)],
    ...field('Deliver-By-Date', deliverBy && formatDate(deliverBy.time)),
    ...field('Future-Release-Request', releaseAt === null ? null : `until; ${dateTime(releaseAt)}`),
  ];
}

// RFC 3464 2.3
function aboutRecipient(
  notice: NotificationFacts,
  recipient: ReportedRecipient,
  facts: StatusFacts,
): StatusField[] {
  const { originalRecipient, forwardPath, attempt } = recipient;
  return [
    ...field('Original-Recipient', originalRecipient && original(originalRecipient, facts.utf8)),
    ['Final-Recipient', statusAddress('rfc822', forwardPath, facts.utf8)],
    // RFC 3464 2.3.3 uses the same words.
    ['Action', notice.kind],
    ['Status', statusOf(notice, attempt)],
    ...field('Remote-MTA', attempt.remoteHost && `dns; ${hostOf(attempt.remoteHost)}`),
    ...field('Diagnostic-Code', attempt.reply && diagnosticCode(attempt)),
    ['Last-Attempt-Date', formatDate(attempt.at)],
    ...field('Will-Retry-Until', notice.kind === 'delayed' ? formatDate(facts.retryUntil) : null),
  ];
}

function field(name: string, value: string | null): StatusField[] {
  return value === null || value === '' ? [] : [[name, value]];
}

function original(originalRecipient: string, utf8: boolean): string {
  const semicolon = originalRecipient.indexOf(';');
  return statusAddress(originalRecipient.slice(0, semicolon), originalRecipient.slice(semicolon + 1), utf8);
}

function hostOf(remoteHost: string): string {
  if (isIP(remoteHost) === 0) return remoteHost;
  return isIPv6(remoteHost) ? `[IPv6:${remoteHost}]` : `[${remoteHost}]`;
}

/** Returns the Diagnostic-Code. RFC 3464 2.3.6: the type `smtp` is only for replies of SMTP. */
function diagnosticCode({ remoteHost, reply }: ReportedRecipient['attempt']): string {
  return `${remoteHost !== null && /^[245]\d\d(?:[ -]|$)/.test(reply) ? 'smtp' : 'x-postern'}; ${reply}`;
}

/** Formats a time as RFC 3339 5.6 has it, in whole seconds. */
function dateTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** RFC 5322 2.1.1: a line should not be longer, in octets without CRLF. */
const FOLD_AT = 78;

/** Formats a field: folded at spaces, without control characters, and in ASCII if UTF-8 is not allowed. */
function fieldLine([name, value]: StatusField, utf8: boolean): string {
  const printable = value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  const text = utf8 ? printable : printable.replace(/[^\0-\x7f]/gu, '?');
  const [first = '', ...words] = text.split(/ +/).flatMap(pieces);
  const lines: string[] = [];
  let line = `${name}: ${first}`;
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (Buffer.byteLength(longer) > FOLD_AT) {
      lines.push(line);
      line = ` ${word}`;
    } else line = longer;
  }
  return `${[...lines, line].join('\r\n')}\r\n`;
}

/** Returns a word unchanged, or in pieces if it would not fit on a line (RFC 5322 2.1.1: must). */
function pieces(word: string): string[] {
  return Buffer.byteLength(word) <= 900 ? [word] : (word.match(/.{1,200}/gsu) ?? []);
}
