/** The JSON of messages that other programs rely on: names, types and order are fixed. */
import type { MessageDetail, MessageSummary } from '../../store/port.js';

export function summaryLine(message: MessageSummary): Record<string, unknown> {
  return {
    id: String(message.id),
    domain: message.domain,
    status: message.status,
    from: message.from,
    to: message.to,
    subject: message.subject,
    tags: message.tags,
    listUnsubscribe: message.listUnsubscribe,
    size: message.size,
    receivedAt: new Date(message.receivedAt).toISOString(),
    tls: message.tls,
  };
}

export function detailLine(message: MessageDetail): Record<string, unknown> {
  const { terms } = message;
  return {
    ...summaryLine(message),
    reversePath: message.reversePath,
    messageId: message.messageId,
    clientAddress: message.clientAddress,
    recipients: message.recipients.map(({ attempts, nextAttemptAt, ...recipient }) => ({
      ...recipient,
      nextAttemptAt: isoTime(nextAttemptAt),
      attempts: attempts.map((attempt) => ({ ...attempt, at: isoTime(attempt.at) })),
    })),
    contentRemoved: message.contentRemoved,
    needs: message.needs,
    terms: {
      ...terms,
      releaseAt: isoTime(terms.releaseAt),
      deliverBy:
        terms.deliverBy === null ? null : { ...terms.deliverBy, time: isoTime(terms.deliverBy.time) },
    },
  };
}

export function isoTime(time: number): string;
export function isoTime(time: number | null): string | null;
export function isoTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
