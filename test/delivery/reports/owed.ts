/** Reports with made-up data, of notifications that are due. */
import type { ContentNeeds, DeliveryTerms } from '../../../src/store/port.js';
import type { OwedReport, ReportedRecipient } from '../../../src/store/queue.js';
import { compose, type Composed } from '../../../src/delivery/reports/compose.js';
import { noticesOf, type NotificationFacts } from '../../../src/delivery/reports/notice.js';
import { returnsWhole, readReturned } from '../../../src/delivery/reports/returned.js';
import { NO_TERMS } from '../../store/fixtures.js';

/** The times when the message came in, when its recipient was tried, and until when it is tried again. */
export const TIMES = {
  received: Date.UTC(2026, 6, 28, 9, 5, 7),
  tried: Date.UTC(2026, 6, 28, 9, 6, 8),
  until: Date.UTC(2026, 6, 30, 9, 5, 7),
};

export const HEADER = 'From: app@example.com\r\nSubject: Your order\r\n';
export const MESSAGE = `${HEADER}\r\nIt is on its way.\r\n`;

export function recipient(
  changes: Partial<ReportedRecipient> = {},
  reply = '550 5.1.1 No such user',
): ReportedRecipient {
  return {
    position: 0,
    forwardPath: 'you@example.net',
    notify: null,
    originalRecipient: null,
    report: 'failed',
    nextAttemptAt: null,
    attempt: { at: TIMES.tried, outcome: 'bounced', remoteHost: 'mx.example.net', reply, tls: null },
    ...changes,
  };
}

export function owed(
  recipients: readonly ReportedRecipient[] = [recipient()],
  terms: Partial<DeliveryTerms> = {},
  changes: Partial<OwedReport> = {},
): OwedReport {
  return {
    id: 7,
    domain: { id: 1, name: 'example.com', createdAt: 0 },
    reversePath: 'bounces@example.com',
    messageId: '<1@example.com>',
    receivedAt: TIMES.received,
    terms: { ...NO_TERMS, ...terms },
    recipients,
    ...changes,
  };
}

/** Returns the only notification that is due. */
export function onlyNotice(report: OwedReport): NotificationFacts {
  const [notice, ...others] = noticesOf(report);
  if (notice === undefined || others.length > 0) throw new Error('not one notification');
  return notice;
}

export async function* pieces(...octets: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of octets) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

/** Makes the notification about a message of this content. */
export async function notification(
  report: OwedReport,
  content: string | Uint8Array = MESSAGE,
  needs: ContentNeeds | null = null,
): Promise<Composed> {
  const notice = onlyNotice(report);
  const octets = Buffer.from(content);
  return compose({
    notice,
    hostname: 'mx.example',
    subject: 'Your order',
    returned: await readReturned(pieces(octets), returnsWhole(notice, { size: octets.length, needs })),
    now: TIMES.tried,
    retryUntil: TIMES.until,
  });
}
