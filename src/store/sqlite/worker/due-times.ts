/** SQL that corrects the times at which mail and events are due, after the clock was put back. */
import { type DueTime, cappedDue } from '../../due-time.js';
import type { CapRequest } from '../../queue.js';
import type { Database } from './database.js';

/** Messages in one step: a step is one transaction, and other calls run between two of them. */
const STEP = 500;

interface Row extends DueTime {
  readonly position: number;
}

/** The result of one step. */
export interface CapStep {
  readonly changed: number;
  /** Where the next step begins; null after the last. */
  readonly next: number | null;
}

export class DueTimes {
  readonly #messages;
  readonly #recipients;
  readonly #setRecipient;
  readonly #setMessage;
  readonly #capLease;
  readonly #capEvents;

  constructor(database: Database) {
    this.#messages = database.prepare(
      'SELECT message_id AS id FROM queue WHERE message_id > ? ORDER BY message_id LIMIT ?',
    );
    this.#recipients = database.prepare(`
      SELECT recipient.position AS position, recipient.next_attempt_at AS nextAttemptAt,
        attempt.at AS lastAttemptAt, message.received_at AS receivedAt, message.release_at AS releaseAt
      FROM recipient JOIN message ON message.id = recipient.message_id
        LEFT JOIN attempt ON attempt.message_id = recipient.message_id
          AND attempt.position = recipient.position AND attempt.number = recipient.attempts
      WHERE recipient.message_id = ?1 AND recipient.next_attempt_at > ?2`);
    this.#setRecipient = database.prepare(
      'UPDATE recipient SET next_attempt_at = ? WHERE message_id = ? AND position = ?',
    );
    this.#setMessage = database.prepare(`
      UPDATE queue SET due_at = (SELECT min(next_attempt_at) FROM recipient WHERE message_id = ?1)
      WHERE message_id = ?1 AND lease IS NULL`);
    this.#capLease = database.prepare(
      'UPDATE queue SET due_at = ?2 WHERE message_id = ?1 AND lease IS NOT NULL AND due_at > ?2',
    );
    // An event that happened in the future shows that the clock was put back, as a time too far ahead does.
    this.#capEvents = database.prepare(`
      UPDATE webhook_event SET due_at = CASE leased WHEN 0 THEN ?1 ELSE ?1 + ?2 END
      WHERE due_at > ?1 + ?2 OR (leased = 0 AND due_at > ?1 AND at > ?1)`);
  }

  /** @param after where the step begins: 0, or the `next` of the step before */
  cap({ now, longest }: CapRequest, after: number): CapStep {
    let changed = 0;
    const messages = this.#messages.all(after, STEP) as { id: number }[];
    for (const { id } of messages) {
      const before = changed;
      for (const row of this.#recipients.all(id, now) as unknown as Row[]) {
        const due = cappedDue(row, now, longest);
        if (due === null) continue;
        this.#setRecipient.run(due, id, row.position);
        changed++;
      }
      if (changed > before) this.#setMessage.run(id);
      this.#capLease.run(id, now + longest);
    }
    return { changed, next: messages.length < STEP ? null : (messages.at(-1)?.id ?? null) };
  }

  capEvents({ now, longest }: CapRequest): number {
    return this.#capEvents.run(now, longest).changes;
  }
}
