import type { MessageRecord } from '../../store/mail.js';
import type { RecipientDetail } from '../../store/stored-message.js';
import type { WebhookCall } from '../../store/webhooks.js';
import type { MessageFacts, WebhookCallEntry } from '../schemas/message.js';

/** Returns a stored message as the API shows it, without its content. */
export function factsOf(message: MessageRecord): MessageFacts {
  const { id, domain, status, from, subject, listUnsubscribe, size, tls, messageId, clientAddress } = message;
  const { ret, envelopeId, releaseAt, deliverBy, priority, requireTls, body, smtputf8 } = message.terms;
  return {
    ...{ id, domain, status, from, subject, listUnsubscribe, size, tls, messageId, clientAddress },
    tags: [...message.tags],
    receivedAt: iso(message.receivedAt),
    sender: message.reversePath,
    recipients: message.recipients.map(recipientOf),
    origin: { ...message.origin },
    terms: {
      ...{ ret, envelopeId, priority, requireTls, body, smtputf8 },
      releaseAt: isoOrNull(releaseAt),
      deliverBy: isoOrNull(deliverBy?.time ?? null),
    },
    contentRemoved: message.contentRemoved,
    webhookCalls: message.calls.map(callOf),
  };
}

function recipientOf(recipient: RecipientDetail): MessageFacts['recipients'][number] {
  const { forwardPath, status, attempts, nextAttemptAt, notify, originalRecipient } = recipient;
  return {
    address: forwardPath,
    status,
    attempts: attempts.map((attempt) => ({ ...attempt, at: iso(attempt.at) })),
    nextAttemptAt: isoOrNull(nextAttemptAt),
    notify: notify === null ? null : [...notify],
    originalRecipient,
  };
}

/** Returns a webhook call as the API shows it. */
export function callOf({ domainId: _, at, ...call }: WebhookCall): WebhookCallEntry {
  return { ...call, at: iso(at) };
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}

export function isoOrNull(time: number | null): string | null {
  return time === null ? null : iso(time);
}
