/**
 * Turns an outcome into the settlement that the store keeps: when the recipient is tried again, and which report its
 * sender gets. Pure.
 */
import type { Lease, LeasedRecipient, ReportKind, Settlement } from '../../store/queue.js';
import { type RetryPolicy, isDelayed, nextTry } from './schedule.js';
import type { Delivery } from '../transports/transport.js';

/** The time of an outcome, and the random number for its next try (from 0 up to, but not including, 1). */
interface OutcomeTime {
  readonly now: number;
  readonly chance: number;
}

/** Characters of a reply that are kept: two replies of RFC 5321 4.5.3.1.5, roughly. */
const REPLY_LENGTH = 1_000;

/** Makes the settlement of a delivery. All consequences of an outcome are decided here. */
export function settlementOf(
  policy: RetryPolicy,
  lease: Lease,
  recipient: LeasedRecipient,
  delivery: Delivery,
  { now, chance }: OutcomeTime,
): Settlement {
  const { position } = recipient;
  const { remoteHost, tls } = delivery;
  const attempt = { at: now, remoteHost, tls, reply: keptReply(delivery.reply) };
  const settled = { position, nextAttemptAt: null, block: false };
  switch (delivery.outcome) {
    case 'delivered':
      return {
        ...settled,
        attempt: { ...attempt, outcome: 'delivered' },
        report: reportOfDelivery(lease, recipient, delivery),
      };
    case 'bounced':
      return {
        ...settled,
        attempt: { ...attempt, outcome: 'bounced' },
        report: reportOfFailure(lease, recipient),
        block: delivery.hard === true,
      };
    case 'deferred': {
      const attempts = recipient.attempts + 1;
      const next = nextTry(policy, lease, { now, attempts, retryAfter: delivery.retryAfter ?? 0, chance });
      if (next === 'expired') {
        const reply = keptReply(`5.4.7 Delivery time expired; the last try came to: ${delivery.reply}`);
        return {
          ...settled,
          attempt: { ...attempt, outcome: 'bounced', reply },
          report: reportOfFailure(lease, recipient),
        };
      }
      return {
        ...settled,
        attempt: { ...attempt, outcome: 'deferred' },
        nextAttemptAt: next.at,
        report: reportOfDelay(policy, lease, recipient, now),
      };
    }
  }
}

/**
 * Returns the settlement of a recipient that could not be tried before its sender's time was over (RFC 2852, by-mode
 * R).
 */
export function timedOutSettlement(lease: Lease, recipient: LeasedRecipient, now: number): Settlement {
  const reply = '5.4.7 Delivery time expired: the sender wanted it back unless delivered by now';
  return bouncedUntried(lease, recipient, reply, now);
}

/** Returns the settlement of a recipient whose message ended the server as often as is allowed. */
export function givenUpSettlement(
  lease: Lease,
  recipient: LeasedRecipient,
  crashes: number,
  now: number,
): Settlement {
  const reply = `5.3.0 Given up: the server stopped unexpectedly ${crashes} times while it was delivering this message`;
  return bouncedUntried(lease, recipient, reply, now);
}

/** Returns the settlement of a recipient that bounces without an attempt. */
function bouncedUntried(lease: Lease, recipient: LeasedRecipient, reply: string, now: number): Settlement {
  return {
    position: recipient.position,
    attempt: { at: now, outcome: 'bounced', remoteHost: null, tls: null, reply },
    nextAttemptAt: null,
    report: reportOfFailure(lease, recipient),
    block: false,
  };
}

/** Returns a reply as an attempt keeps it: on one line, without controls, and cut to a readable length. */
export function keptReply(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return line.length <= REPLY_LENGTH ? line : `${line.slice(0, REPLY_LENGTH - 1)}…`;
}

// RFC 3461 4.1: without NOTIFY a sender gets reports of failures and, if a server likes, of delays; with NOTIFY, of
// what it names. A message without a reverse-path gets no report.

function reportOfFailure({ reversePath }: Lease, { notify }: LeasedRecipient): ReportKind | null {
  return reversePath !== '' && (notify === null || notify.includes('FAILURE')) ? 'failed' : null;
}

function reportOfDelay(
  policy: RetryPolicy,
  lease: Lease,
  { notify, delayReported }: LeasedRecipient,
  now: number,
): ReportKind | null {
  if (lease.reversePath === '' || delayReported) return null;
  // RFC 2852 2: by-mode N itself asks for a report, unless NOTIFY says otherwise.
  const asked = notify === null ? lease.terms.deliverBy?.otherwise === 'notify' : notify.includes('DELAY');
  return asked && isDelayed(policy, lease, now) ? 'delayed' : null;
}

/**
 * RFC 3461 5.2: if a server hands a message to a server that does not notify, it reports `relayed`; if it stores the
 * message where it stays, `delivered`. RFC 2852 4.1.4 requires the first even without NOTIFY, unless NOTIFY=NEVER:
 * with trace, and with by-mode N if the next server will not report a delay.
 */
function reportOfDelivery(
  { reversePath, terms }: Lease,
  { notify }: LeasedRecipient,
  { notifies, keepsTime, remoteHost }: Delivery,
): ReportKind | null {
  if (reversePath === '') return null;
  const relayed = remoteHost !== null;
  const never = notify?.length === 0;
  const { deliverBy } = terms;
  const unwatched = deliverBy?.otherwise === 'notify' && keepsTime !== true;
  if (relayed && !never && (deliverBy?.trace === true || unwatched)) return 'relayed';
  if (notify?.includes('SUCCESS') !== true || notifies === true) return null;
  return relayed ? 'relayed' : 'delivered';
}
