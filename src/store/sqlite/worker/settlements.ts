/** SQL that writes settlements, with everything that follows from them. */
import { StoreError, type Status } from '../../port.js';
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
import { type Outbox, WANTED_EVENTS } from './outbox.js';
import type { Reports } from './reports.js';
import type { Column } from '../wire/column.js';
import { unpackSettlements } from '../wire/packed-settlements.js';

interface Recipient extends StoredRecipient {
  readonly forwardPath: string;
}

type RecipientRow = [
  forwardPath: string,
  status: Status,
  attempts: number,
  nextAttemptAt: number | null,
  delayReported: number,
];

type MessageRow = [
  domainId: number,
  reversePath: string,
  status: Status,
  tags: string | null,
  receivedAt: number,
  releaseAt: number | null,
  isQueued: number,
  lease: number | null,
  events: string | null,
];

interface Follows {
  readonly attempts: Attempts;
  readonly blocks: BlockEntries;
  readonly outbox: Outbox;
  readonly reports: Reports;
  readonly counters: Counters;
}

/**
 * Rows are read as arrays, all that a settlement needs of the message in one statement, and statements that write run by
 * `get`: to make an object of a row, or of the number of changes, takes longer than the search for the row. With
 * `packSettlements` and `packLease`, a delivery took the store's thread 70 us in place of 112
 * (`bench/delivery.mjs`).
 */
export class Settlements {
  readonly #follows: Follows;
  readonly #message;
  readonly #recipients;
  readonly #setRecipient;
  readonly #setMessage;
  readonly #free;
  readonly #remove;

  constructor(database: Database, follows: Follows) {
    this.#follows = follows;
    this.#message = database.prepare(`
      SELECT message.domain_id, reverse_path, status, tags, received_at, release_at,
        queue.message_id IS NOT NULL, lease, ${WANTED_EVENTS}
      FROM message LEFT JOIN queue ON queue.message_id = message.id WHERE message.id = ?`);
    this.#message.setReturnArrays(true);
    this.#recipients = database.prepare(`
      SELECT forward_path, status, attempts, next_attempt_at, delay_reported
      FROM recipient WHERE message_id = ? ORDER BY position`);
    this.#recipients.setReturnArrays(true);
    this.#setRecipient = database.prepare(`
      UPDATE recipient SET status = ?, attempts = ?, next_attempt_at = ?, delay_reported = ?
      WHERE message_id = ? AND position = ?`);
    this.#setMessage = database.prepare('UPDATE message SET status = ? WHERE id = ?');
    this.#free = database.prepare(
      'UPDATE queue SET lease = NULL, attempting = 0, crashes = 0, due_at = ? WHERE message_id = ?',
    );
    this.#remove = database.prepare('DELETE FROM queue WHERE message_id = ?');
  }

  settle(id: number, lease: number, finished: boolean, fields: readonly Column[]): void {
    const row = this.#message.get(id) as MessageRow | undefined;
    if (row === undefined) return; // The content was removed because of its age.
    const [domainId, reversePath, status, tags, receivedAt, releaseAt, isQueued, current, events] = row;
    const { attempts, outbox, counters } = this.#follows;
    const recipients: Recipient[] = [];
    for (const row of this.#recipients.all(id) as unknown as RecipientRow[])
      recipients.push(recipientOf(row));
    const stored = { status, reversePath, recipients, lease: isQueued === 1 ? current : undefined };
    const result = settled(id, () =>
      settleMessage(stored, lease, unpackSettlements(fields), finished, (position) =>
        attempts.find(id, position, recipients[position]?.attempts ?? 0),
      ),
    );
    for (const change of result.changes) this.#write(id, domainId, recipients[change.position], change);
    if (result.status !== status) {
      this.#setMessage.get(result.status, id);
      counters.statusChanged(domainId, status, result.status);
    }
    const counted = { domainId, tags, reversePath, receivedAt, releaseAt };
    for (const { position, attempt } of result.changes) {
      counters.attempted(counted, recipients[position]?.forwardPath ?? '', attempt);
    }
    if (events !== null) outbox.settled(domainId, id, result.changes, events);
    if (result.queue === 'remove') this.#remove.get(id);
    else if (result.queue !== 'keep') this.#free.get(result.queue, id);
  }

  #write(id: number, domainId: number, recipient: Recipient | undefined, change: RecipientChange): void {
    const { position, status, nextAttemptAt, attempt, report } = change;
    const { attempts, blocks, reports } = this.#follows;
    const delayReported = change.delayReported ? 1 : 0;
    this.#setRecipient.get(status, change.attempts, nextAttemptAt, delayReported, id, position);
    attempts.add(id, position, change.attempts, attempt);
    if (report === 'drop') reports.forget(id, position);
    else if (report !== null) reports.owe(id, position, report, change.attempts, nextAttemptAt);
    if (change.block && recipient !== undefined) {
      blocks.bounced(domainId, recipient.forwardPath, attempt.at, attempt.reply);
    }
  }
}

function recipientOf([forwardPath, status, attempts, nextAttemptAt, delayReported]: RecipientRow): Recipient {
  return { forwardPath, status, attempts, nextAttemptAt, delayReported: delayReported === 1 };
}

function settled(id: number, settle: () => SettlementResult): SettlementResult {
  try {
    return settle();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StoreError('failed', `message ${id}: ${error.message}`, { cause: error });
  }
}
