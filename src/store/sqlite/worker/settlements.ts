/** SQL that writes settlements, with everything that follows from them. */
import { StoreError, type Status } from '../../port.js';
import type { Settlement } from '../../queue.js';
import {
  type RecipientChange,
  settleMessage,
  type SettlementResult,
  type StoredRecipient,
} from '../../settlement.js';
import type { Attempts } from './attempts.js';
import type { Counters } from './counters.js';
import type { BlockEntries } from './block-list.js';
import type { Database } from './database.js';
import type { LeaseName } from './leasing.js';
import type { Outbox } from './outbox.js';
import type { Reports } from './reports.js';

interface RecipientRow extends Omit<StoredRecipient, 'delayReported'> {
  readonly position: number;
  readonly forwardPath: string;
  readonly delayReported: number;
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

export class Settlements {
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
    if (message === undefined) return; // The content was removed because of its age.
    const { attempts, outbox, counters } = this.#follows;
    const rows = this.#recipients.all(id) as unknown as RecipientRow[];
    const result = settled(id, () =>
      settleMessage(
        {
          status: message.status,
          reversePath: message.reversePath,
          recipients: rows.map((row) => ({ ...row, delayReported: row.delayReported === 1 })),
          lease: (this.#queued.get(id) as { lease: number | null } | undefined)?.lease,
        },
        lease,
        settlements,
        finished,
        (position) => attempts.find(id, position, rows[position]?.attempts ?? 0),
      ),
    );
    for (const change of result.changes) this.#write(id, message, rows[change.position], change);
    if (result.status !== message.status) {
      this.#setMessage.run(result.status, id);
      counters.statusChanged(message.domainId, message.status, result.status);
    }
    counters.attempted(
      id,
      result.changes.map(({ position, attempt }) => ({
        forwardPath: rows[position]?.forwardPath ?? '',
        attempt,
      })),
    );
    outbox.settled(message.domainId, id, result.changes);
    if (result.queue === 'remove') this.#remove.run(id);
    else if (result.queue !== 'keep') this.#free.run(result.queue, id);
  }

  #write(id: number, { domainId }: MessageRow, row: RecipientRow | undefined, change: RecipientChange): void {
    const { position, status, nextAttemptAt, attempt, report } = change;
    const { attempts, blocks, reports } = this.#follows;
    const delayReported = change.delayReported ? 1 : 0;
    this.#setRecipient.run(status, change.attempts, nextAttemptAt, delayReported, id, position);
    attempts.add(id, position, change.attempts, attempt);
    if (report === 'drop') reports.forget(id, position);
    else if (report !== null) reports.owe(id, position, report, change.attempts, nextAttemptAt);
    if (change.block && row !== undefined) {
      blocks.bounced(domainId, row.forwardPath, attempt.at, attempt.reply);
    }
  }
}

function settled(id: number, settle: () => SettlementResult): SettlementResult {
  try {
    return settle();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StoreError('failed', `message ${id}: ${error.message}`, { cause: error });
  }
}
