import MimeNode from 'nodemailer/lib/mime-node';
import { isAscii } from '../../base/ascii.js';
import { formatDate } from '../../message/date.js';
import { newMessageId } from '../../message/mailbox.js';
import { NeedsScanner } from '../../message/needs.js';
import type { ContentNeeds } from '../../store/message.js';
import { BLANK_LINE } from '../transports/read-content.js';
import type { NotificationFacts } from './notice.js';
import type { Returned } from './returned.js';
import { deliveryStatus } from './status.js';
import { subjectOf, textPart } from './words.js';

/** All data from which a notification is made. */
interface NotificationData {
  readonly notice: NotificationFacts;
  /** The name of this server. */
  readonly hostname: string;
  /** The subject of the message, decoded; null if the message has no subject, or if it is not known. */
  readonly subject: string | null;
  readonly returned: Returned;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The time until which a delayed message is tried, in milliseconds since the epoch. */
  readonly retryUntil: number;
}

/** A notification, ready to be stored. */
export interface Composed {
  readonly octets: Buffer;
  /** The address in the From field. */
  readonly from: string;
  readonly subject: string;
  /** With its angle brackets. */
  readonly messageId: string;
  /** Whether it has octets beyond ASCII. */
  readonly isEightBit: boolean;
  /** Whether it has such octets in addresses or in a header section, so that it needs SMTPUTF8. */
  readonly utf8: boolean;
  /** What its octets need of each server on its way. */
  readonly needs: ContentNeeds;
}

/**
 * Makes a delivery status notification (RFC 3464): multipart/report (RFC 6522) with a part for people, a part for
 * programs, and the part of the message that is returned. If the message was sent with SMTPUTF8 from an address beyond
 * ASCII, the notification has the form of RFC 6533, since its sender accepts such mail.
 */
export async function compose(material: NotificationData): Promise<Composed> {
  const { notice, hostname, now, returned } = material;
  const { reversePath, messageId } = notice.report;
  // If the sender's address is ASCII, the servers back to it may not support SMTPUTF8; that may even be the reason of
  // the failure.
  const utf8 = notice.report.terms.smtputf8 && !isAscii(reversePath);
  const facts = { ...material, utf8, returned: returned.what };
  const from = `MAILER-DAEMON@${hostname}`;
  const subject = subjectOf(notice, material);
  const ownId = newMessageId(hostname);
  const status = deliveryStatus(notice, facts);

  const report = new MimeNode('multipart/report; report-type=delivery-status', {
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  report.setHeader({
    From: { name: 'Mail Delivery System', address: from },
    To: { address: reversePath },
    Subject: subject,
    Date: formatDate(now),
    'Message-ID': ownId,
    // RFC 3834 5.1 and 2: no program may answer it, and it is about a message that came from its reader.
    'Auto-Submitted': 'auto-replied',
    // The notification goes under the same rules for TLS as its message.
    ...(returned.waivesTls ? { 'TLS-Required': 'No' } : {}),
    ...(messageId === null ? {} : { 'In-Reply-To': messageId, References: messageId }),
  });
  // A header section that is returned alone can be encoded; a message cannot.
  const isEightBit = utf8 || (returned.what === 'message' && returned.isEightBit);
  if (isEightBit) report.setHeader('Content-Transfer-Encoding', '8bit');
  report.createChild('text/plain; charset=utf-8').setContent(textPart(notice, facts));
  addPart(report, utf8 ? 'message/global-delivery-status' : 'message/delivery-status', Buffer.from(status));
  if (returned.what !== 'nothing') addPart(report, typeOf(returned, utf8), returned.octets);
  const octets = await report.build();
  return { octets, from, subject, messageId: ownId, isEightBit, utf8, needs: needsOf(octets, utf8) };
}

/** The parts of the form of RFC 6533 need SMTPUTF8 even if the header section of the notification is ASCII. */
function needsOf(octets: Buffer, utf8: boolean): ContentNeeds {
  const scanner = new NeedsScanner(true);
  const body = octets.indexOf(BLANK_LINE) + BLANK_LINE.length;
  scanner.header(octets.subarray(0, body));
  scanner.body(octets.subarray(body));
  const needs = scanner.needs();
  return { ...needs, utf8Header: needs.utf8Header || utf8 };
}

// RFC 6522 4, RFC 6533 5 and 6
function typeOf({ what, headerIsEightBit }: Returned, utf8: boolean): string {
  const global = utf8 && headerIsEightBit;
  if (what === 'message') return global ? 'message/global' : 'message/rfc822';
  return global ? 'message/global-headers' : 'text/rfc822-headers';
}

/** RFC 5322 2.1.1: a line must not be longer, in octets without CRLF. */
const LONGEST_LINE = 998;

/**
 * Adds octets unchanged if that is possible, so that a reader finds each part of a report as it was. A part of a type
 * message/... cannot be encoded at all; a header section that does not fit 7bit is encoded.
 */
function addPart(report: MimeNode, type: string, octets: Buffer): void {
  const eightBit = octets.some((octet) => octet > 0x7f);
  if (type.startsWith('text/') && (eightBit || hasLongLine(octets))) {
    report.createChild(type).setContent(octets).setHeader('Content-Transfer-Encoding', 'quoted-printable');
    return;
  }
  const encoding = `Content-Transfer-Encoding: ${eightBit ? '8bit' : '7bit'}`;
  const header = Buffer.from(`Content-Type: ${type}\r\n${encoding}\r\n\r\n`);
  report.createChild(type).setRaw(Buffer.concat([header, octets]));
}

function hasLongLine(octets: Buffer): boolean {
  for (let at = 0; at < octets.length;) {
    const end = octets.indexOf('\r\n', at);
    if ((end < 0 ? octets.length : end) - at > LONGEST_LINE) return true;
    at = end < 0 ? octets.length : end + 2;
  }
  return false;
}
