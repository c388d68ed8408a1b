import type { DeliveryTerms, Domain, MessageId, NotifyEvent, Status } from '../../src/store/port.js';
import type { Attempt, Crashes, Lease, ReportKind, Waiting } from '../../src/store/queue.js';
import { isWaiting, statusOf } from '../../src/store/status.js';
import type { MessageDetail } from '../../src/store/stored-message.js';
import { NO_TERMS } from '../store/fixtures.js';

/** A message that a test puts on the queue. */
export interface Queued {
  readonly domain: Domain;
  readonly to: readonly string[];
  readonly reversePath?: string;
  readonly notify?: readonly NotifyEvent[] | null;
  readonly tags?: readonly string[];
  readonly terms?: Partial<DeliveryTerms>;
  readonly receivedAt: number;
}

export interface ModelRecipient {
  readonly forwardPath: string;
  readonly notify: readonly NotifyEvent[] | null;
  readonly originalRecipient: string | null;
  status: Status;
  /** Has no meaning if the recipient does not wait. */
  nextAttemptAt: number;
  attempts: Attempt[];
  delayReported: boolean;
  report: ReportKind | null;
  blocked: boolean;
}

/** A message as the in-memory queue keeps it. */
export interface ModelMessage {
  readonly id: MessageId;
  readonly domain: Domain;
  readonly reversePath: string;
  readonly from: string;
  readonly subject: string | null;
  readonly messageId: string | null;
  readonly listUnsubscribe: string | null;
  readonly tls: string | null;
  readonly clientAddress: string;
  readonly tags: readonly string[];
  readonly receivedAt: number;
  readonly size: number;
  readonly content: Uint8Array;
  terms: DeliveryTerms;
  readonly recipients: readonly ModelRecipient[];
  lease: { readonly number: number; until: number } | null;
  hastened: boolean;
  attempting: 'begun' | 'lasts' | null;
  crashes: Crashes;
}

/** What a message consists of before it is on the queue. */
export type ModelContent = Omit<
  ModelMessage,
  'id' | 'terms' | 'recipients' | 'lease' | 'hastened' | 'attempting' | 'crashes'
> & {
  readonly terms: Partial<DeliveryTerms>;
  readonly recipients: readonly Pick<ModelRecipient, 'forwardPath' | 'notify' | 'originalRecipient'>[];
  readonly status: 'queued' | 'held';
};

/** Returns a message that no server has leased yet. */
export function messageOf(id: MessageId, { status, terms, recipients, ...rest }: ModelContent): ModelMessage {
  const due = Math.max(rest.receivedAt, terms.releaseAt ?? 0);
  return {
    ...rest,
    id,
    terms: { ...NO_TERMS, ...terms },
    recipients: recipients.map((recipient) => ({
      ...recipient,
      status,
      nextAttemptAt: due,
      attempts: [],
      delayReported: false,
      report: null,
      blocked: false,
    })),
    lease: null,
    hastened: false,
    attempting: null,
    crashes: { count: 0, alone: false },
  };
}

/** Returns the content of a message of which a test says little. */
export function contentOf({ to, notify = null, ...queued }: Queued): ModelContent {
  return {
    reversePath: 'bounces@example.com',
    tags: [],
    terms: {},
    ...queued,
    from: 'app@example.com',
    subject: null,
    messageId: '<1@example.com>',
    listUnsubscribe: null,
    tls: null,
    clientAddress: '192.0.2.7',
    size: 100,
    content: new Uint8Array(100),
    status: 'queued',
    recipients: to.map((forwardPath) => ({ forwardPath, notify, originalRecipient: null })),
  };
}

/** Returns the recipients that are due at `now`, or all that wait. */
export function waitingOf({ recipients }: ModelMessage, now = Infinity): readonly ModelRecipient[] {
  return recipients.filter(({ status, nextAttemptAt }) => isWaiting(status) && nextAttemptAt <= now);
}

/** Returns when the first recipient that waits is due. */
export function dueOf(message: ModelMessage): number {
  return Math.min(...waitingOf(message).map(({ nextAttemptAt }) => nextAttemptAt));
}

/** @param contentOctets content of at most so many octets comes with the lease */
export function leaseOf(
  message: ModelMessage,
  now: number,
  contentOctets: number,
): Omit<Lease, 'lease' | 'until'> {
  const { id, domain, reversePath, from, tags, messageId, size, receivedAt, terms, content } = message;
  const due = new Set(waitingOf(message, now));
  return {
    ...{ id, domain, reversePath, from, tags, messageId, size, receivedAt, terms },
    needs: null,
    recipients: message.recipients.flatMap((recipient, position) => {
      const { forwardPath, notify, originalRecipient, attempts, delayReported } = recipient;
      if (!due.has(recipient)) return [];
      const attempted = attempts.length;
      return [{ position, forwardPath, notify, originalRecipient, attempts: attempted, delayReported }];
    }),
    ...(size <= contentOctets ? { content } : {}),
    ...(message.hastened ? { hastened: true } : {}),
    ...(message.crashes.count > 0 ? { crashes: message.crashes } : {}),
  };
}

/** Returns what `postern queue` shows of a message. */
export function waitingRows(message: ModelMessage, now: number): Waiting[] {
  const { id, domain, from, receivedAt, lease } = message;
  return waitingOf(message).map(({ forwardPath, status, attempts, nextAttemptAt }) => ({
    id,
    domain: domain.name,
    from,
    forwardPath,
    status: status as Waiting['status'],
    receivedAt,
    attempts: attempts.length,
    nextAttemptAt,
    leased: lease !== null && lease.until > now,
    lastAttempt: attempts.at(-1) ?? null,
  }));
}

export function detailOf(message: ModelMessage): MessageDetail {
  const { id, domain, from, subject, tags, listUnsubscribe, size, receivedAt, tls, recipients } = message;
  const { reversePath, messageId, clientAddress, terms } = message;
  return {
    ...{ id, from, subject, tags, listUnsubscribe, size, receivedAt, tls },
    ...{ reversePath, messageId, clientAddress, terms },
    domain: domain.name,
    status: statusOf(recipients.map(({ status }) => status)),
    to: recipients.map(({ forwardPath }) => forwardPath),
    recipients: recipients.map(({ forwardPath, notify, originalRecipient, status, attempts, ...rest }) => ({
      ...{ forwardPath, notify, originalRecipient, status, attempts },
      nextAttemptAt: isWaiting(status) ? rest.nextAttemptAt : null,
    })),
    needs: null,
    contentRemoved: false,
  };
}
