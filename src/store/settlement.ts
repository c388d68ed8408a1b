/**
 * The rules of settlement: what a call of {@link Queue.settle} writes, given what is stored. Pure; adapters read the
 * recipients, apply the result, and write it in one transaction.
 *
 * - A final status stays, and so does its recipient.
 * - A stale lease records only deliveries, since they have happened. Anything else under it is skipped.
 * - A repeated settlement adds nothing: it equals the last attempt of the recipient.
 * - A message with the null reverse-path is owed no notification.
 * - If a recipient becomes final, an owed notice of delay is dropped, unless a newer one takes its place.
 * - The lease ends if nothing of the message waits any more, or if its holder says so.
 */
import type { Status } from './message.js';
import type { Attempt, ReportKind, Settlement } from './queue.js';
import { isFinal, isWaiting, statusOf } from './status.js';

/** A recipient as it is stored. Its index in the list is its position. */
export interface StoredRecipient {
  readonly status: Status;
  /** Number of attempts so far. */
  readonly attempts: number;
  readonly nextAttemptAt: number | null;
  readonly delayReported: boolean;
}

export interface StoredMessage {
  readonly status: Status;
  readonly reversePath: string;
  readonly recipients: readonly StoredRecipient[];
  /** The number of the message's current lease; null if it is not leased, undefined if it is not on the queue. */
  readonly lease: number | null | undefined;
}

/** The changes to one recipient. */
export interface RecipientChange extends StoredRecipient {
  readonly position: number;
  /** The attempt to add; its number is {@link StoredRecipient.attempts}. */
  readonly attempt: Attempt;
  /** The notification that is owed from now on; `drop`: an owed one is no longer owed; null: no change. */
  readonly report: ReportKind | 'drop' | null;
  /** True if the recipient goes on the block list. */
  readonly block: boolean;
}

export interface SettlementResult {
  /** In the order of the settlements. */
  readonly changes: readonly RecipientChange[];
  /** The status of the message afterwards. */
  readonly status: Status;
  /**
   * The change to the message's place on the queue. `remove`: nothing waits any more; `keep`: its lease stays; a
   * number: the time, in milliseconds since the epoch, at which it is due without a lease.
   */
  readonly queue: 'remove' | 'keep' | number;
}

/**
 * Returns what a settlement writes.
 *
 * @param lastAttempt returns the last attempt of the recipient at a position, which has at least one
 * @throws RangeError if a settlement names a recipient that the message does not have; nothing is to be written then
 */
export function settleMessage(
  message: StoredMessage,
  lease: number,
  settlements: readonly Settlement[],
  finished: boolean,
  lastAttempt: (position: number) => Attempt | null,
): SettlementResult {
  const current = message.lease === lease;
  const recipients = [...message.recipients];
  const changes: RecipientChange[] = [];
  for (const settlement of settlements) {
    const { position, attempt } = settlement;
    const recipient = recipients[position];
    if (recipient === undefined) throw new RangeError(`there is no recipient ${position}`);
    const written = changes.filter((change) => change.position === position).at(-1)?.attempt;
    const last = written ?? (recipient.attempts === 0 ? null : lastAttempt(position));
    if (!counts(recipient, attempt, current, last)) continue;
    const change = changeOf(message, recipient, settlement);
    recipients[position] = change;
    changes.push(change);
  }
  const free = message.lease === null || (current && finished);
  return {
    changes,
    status: statusOf(recipients.map(({ status }) => status)),
    queue: queueOf(recipients, free),
  };
}

function counts(
  { status }: StoredRecipient,
  attempt: Attempt,
  current: boolean,
  last: Attempt | null,
): boolean {
  if (!isWaiting(status)) return false;
  if (attempt.outcome === 'delivered') return true;
  if (!current) return false;
  return last?.at !== attempt.at || last.outcome !== attempt.outcome || last.reply !== attempt.reply;
}

function changeOf(
  { reversePath }: StoredMessage,
  recipient: StoredRecipient,
  { position, attempt, nextAttemptAt, report, block }: Settlement,
): RecipientChange {
  const owed = reversePath === '' ? null : report;
  const status = attempt.outcome;
  return {
    position,
    status,
    attempts: recipient.attempts + 1,
    nextAttemptAt: status === 'deferred' ? (nextAttemptAt ?? attempt.at) : null,
    delayReported: recipient.delayReported || owed === 'delayed',
    attempt,
    report: owed ?? (recipient.delayReported && isFinal(status) ? 'drop' : null),
    block,
  };
}

function queueOf(recipients: readonly StoredRecipient[], free: boolean): SettlementResult['queue'] {
  const due = recipients.flatMap(({ status, nextAttemptAt }) =>
    isWaiting(status) ? [nextAttemptAt ?? 0] : [],
  );
  if (due.length === 0) return 'remove';
  return free ? Math.min(...due) : 'keep';
}
