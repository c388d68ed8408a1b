/** SQL that writes what became of recipients, with all that follows from it. */
import { StoreError, type Status } from '../../port.js';
import type { Settlement } from '../../queue.js';
import { isFinal, isWaiting, statusOf } from '../../status.js';
import type { Attempts } from './attempts.js';
import type { Counters } from './counters.js';
import type { BlockEntries } from './block-list.js';
import type { Database } from './database.js';
import type { LeaseName } from './leasing.js';
import type { Outbox } from './outbox.js';
import type { Reports } from './reports.js';

/** A recipient as it is now, and as it is to be written. */
interface RecipientRow {
  readonly position: number;
  readonly forwardPath: string;
  status: Status;
  attempts: number;
  nextAttemptAt: number | null;
  delayReported: number;
}

interface MessageRow {
  readonly domainId: number;
  readonly reversePath: string;
  readonly status: Status;
}

interface Follows {
  readonly attempts: Attempts;
  readonly blocks: BlockEntries;
  readonly outbox: Outbox;
  readonly reports: Reports;
  readonly counters: Counters;
}

export class Settling {
  readonly #follows: Follows;
  readonly #message;
  readonly #recipients;
  readonly #queued;
  readonly #setRecipient;
  readonly #setMessage;
  readonly #free;
  readonly #remove;

  constructor(database: Database, follows: Follows) {
    this.#follows = follows;
    this.#message = database.prepare(
      'SELECT domain_id AS domainId, reverse_path AS reversePath, status FROM message WHERE id = ?',
    );
    this.#recipients = database.prepare(`
      SELECT position, forward_path AS forwardPath, status, attempts, next_attempt_at AS nextAttemptAt,
        delay_reported AS delayReported
      FROM recipient WHERE message_id = ? ORDER BY position`);
    this.#queued = database.prepare('SELECT lease FROM queue WHERE message_id = ?');
    this.#setRecipient = database.prepare(`
      UPDATE recipient SET status = ?, attempts = ?, next_attempt_at = ?, delay_reported = ?
      WHERE message_id = ? AND position = ?`);
    this.#setMessage = database.prepare('UPDATE message SET status = ? WHERE id = ?');
    this.#free = database.prepare(
      'UPDATE queue SET lease = NULL, attempting = 0, crashes = 0, due_at = ? WHERE message_id = ?',
    );
    this.#remove = database.prepare('DELETE FROM queue WHERE message_id = ?');
  }

  settle({ id, lease }: LeaseName, settlements: readonly Settlement[], finished: boolean): void {
    const message = this.#message.get(id) as MessageRow | undefined;
    if (message === undefined) return; // It was old, and is gone.
    const recipients = this.#recipients.all(id) as unknown as RecipientRow[];
    const holder = (this.#queued.get(id) as { lease: number | null } | undefined)?.lease;
    const current = holder === lease;
    const written = settlements.filter((settlement) => {
      const recipient = recipients[settlement.position];
      if (recipient === undefined) {
        throw new StoreError('failed', `message ${id} has no recipient ${settlement.position}`);
      }
      return (
        this.#counts(id, recipient, settlement, current) && this.#write(id, message, recipient, settlement)
      );
    });
    const status = statusOf(recipients.map(({ status }) => status));
    const { counters } = this.#follows;
    if (status !== message.status) {
      this.#setMessage.run(status, id);
      counters.statusChanged(message.domainId, message.status, status);
    }
    counters.attempted(
      id,
      written.map(({ position, attempt }) => ({
        forwardPath: recipients[position]?.forwardPath ?? '',
        attempt,
      })),
    );
    this.#follows.outbox.settled(message.domainId, id, written);
    this.#requeue(id, recipients, holder === null || (current && finished));
  }

  /** Whether a settlement is to be written: it changes no final status, and a stale lease tells of deliveries alone. */
  #counts(id: number, recipient: RecipientRow, { attempt }: Settlement, current: boolean): boolean {
    if (!isWaiting(recipient.status)) return false;
    if (attempt.outcome === 'delivered') return true;
    if (!current) return false;
    // A call that is repeated says nothing new.
    const last =
      recipient.attempts === 0
        ? null
        : this.#follows.attempts.find(id, recipient.position, recipient.attempts);
    return last?.at !== attempt.at || last.outcome !== attempt.outcome || last.reply !== attempt.reply;
  }

  #write(id: number, message: MessageRow, recipient: RecipientRow, settlement: Settlement): true {
    const { position, attempt, nextAttemptAt, block } = settlement;
    const { attempts, blocks, reports } = this.#follows;
    // Nobody is told of what becomes of a notification.
    const report = message.reversePath === '' ? null : settlement.report;
    const wasDelayed = recipient.delayReported === 1;
    recipient.status = attempt.outcome;
    recipient.attempts++;
    recipient.nextAttemptAt = attempt.outcome === 'deferred' ? (nextAttemptAt ?? attempt.at) : null;
    if (report === 'delayed') recipient.delayReported = 1;
    this.#setRecipient.run(
      recipient.status,
      recipient.attempts,
      recipient.nextAttemptAt,
      recipient.delayReported,
      id,
      position,
    );
    attempts.add(id, position, recipient.attempts, attempt);
    if (report !== null) reports.owe(id, position, report, recipient.attempts, recipient.nextAttemptAt);
    // Nobody need hear any more that it takes long.
    else if (wasDelayed && isFinal(recipient.status)) reports.forget(id, position);
    if (block) blocks.bounced(message.domainId, recipient.forwardPath, attempt.at, attempt.reply);
    return true;
  }

  /** @param free nobody has the message, or has it any longer */
  #requeue(id: number, recipients: readonly RecipientRow[], free: boolean): void {
    let due = Infinity;
    for (const { status, nextAttemptAt } of recipients) {
      if (isWaiting(status)) due = Math.min(due, nextAttemptAt ?? 0);
    }
    if (due === Infinity) this.#remove.run(id);
    else if (free) this.#free.run(due, id);
  }
}
