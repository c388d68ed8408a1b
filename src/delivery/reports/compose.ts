import MimeNode from 'nodemailer/lib/mime-node';
import { formatDate } from '../../message/date.js';
import { newMessageId } from '../../message/message-id.js';
import { isAscii, type Notice } from './notice.js';
import type { Returned } from './returned.js';
import { deliveryStatus } from './status.js';
import { subjectOf, wordsOf } from './words.js';

/** All that a notification is made of. */
export interface Material {
  readonly notice: Notice;
  /** Of this server. */
  readonly hostname: string;
  /** Of the message, decoded; null where it has none, or nobody knows. */
  readonly subject: string | null;
  readonly returned: Returned;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** When a message that is delayed is given up, in milliseconds since the epoch. */
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
  /** It has octets beyond ASCII. */
  readonly isEightBit: boolean;
  /** It has them in addresses, or in what is a header: it needs SMTPUTF8. */
  readonly utf8: boolean;
}

/**
 * A delivery status notification (RFC 3464): multipart/report (RFC 6522) with a part for people, a part for
 * programs, and what comes back of the message. Beyond ASCII it is as RFC 6533 has it, where the message was sent
 * with SMTPUTF8 from an address that is so itself; then its sender takes such mail.
 */
export async function compose(material: Material): Promise<Composed> {
  const { notice, hostname, now, returned } = material;
  const { reversePath, messageId } = notice.report;
  // To a sender whose address is ASCII the way back may have no SMTPUTF8, least of all where the message failed for it.
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
    // RFC 3834 5.1, and 2: never answered by a program, and about a message that came from its reader.
    'Auto-Submitted': 'auto-replied',
    // It goes as its message was to go.
    ...(returned.waivesTls ? { 'TLS-Required': 'No' } : {}),
    ...(messageId === null ? {} : { 'In-Reply-To': messageId, References: messageId }),
  });
  // A header section that comes back by itself is coded; a message cannot be.
  const isEightBit = utf8 || (returned.what === 'message' && returned.isEightBit);
  if (isEightBit) report.setHeader('Content-Transfer-Encoding', '8bit');
  report.createChild('text/plain; charset=utf-8').setContent(wordsOf(notice, facts));
  addPart(report, utf8 ? 'message/global-delivery-status' : 'message/delivery-status', Buffer.from(status));
  if (returned.what !== 'nothing') addPart(report, typeOf(returned, utf8), returned.octets);
  return { octets: await report.build(), from, subject, messageId: ownId, isEightBit, utf8 };
}

// RFC 6522 4, RFC 6533 5 and 6
function typeOf({ what, headerIsEightBit }: Returned, utf8: boolean): string {
  const global = utf8 && headerIsEightBit;
  if (what === 'message') return global ? 'message/global' : 'message/rfc822';
  return global ? 'message/global-headers' : 'text/rfc822-headers';
}

/** RFC 5322 2.1.1: must, in octets without CRLF. */
const LONGEST_LINE = 998;

/**
 * Adds octets as they are, wherever that is possible: a part of a report is to be found as it was. What is of the
 * type message/... cannot be coded at all; a header section that is not fit for 7bit is coded.
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
