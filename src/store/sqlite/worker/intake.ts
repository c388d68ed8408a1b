/** The hot path: SQL that takes messages in. */
import { StoreError } from '../../port.js';
import type { Database } from './database.js';
import type { CommitMessage, Piece, WriteChunk } from '../wire/operations.js';
import { MESSAGE_COLUMNS, RECIPIENT_FIELDS } from '../wire/packed.js';
import type { Followers } from './parts.js';
import { TERMS_COLUMNS } from '../../columns/terms.js';

const SIZE = MESSAGE_COLUMNS.indexOf('size');
const REVERSE_PATH = MESSAGE_COLUMNS.indexOf('reverse_path');

function insertMessage(columns: readonly string[]): string {
  return `INSERT INTO message (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}

/** The chunks before this one are missing: the thread that wrote them died, or never wrote them. */
function lost(): StoreError {
  return new StoreError('failed', 'earlier content of the message is lost; it must be sent again');
}

/**
 * Statements that insert are run by `get`: `run` returns the number of changes, and makes an object for that each
 * time.
 */
export class Intake {
  readonly #followers: Followers;
  readonly #openUpload;
  readonly #findUpload;
  readonly #closeUpload;
  readonly #countChunks;
  readonly #insertChunk;
  readonly #insertMessage;
  readonly #insertMessageWithTerms;
  readonly #insertRecipient;
  readonly #insertTag;
  readonly #enqueue;

  constructor(database: Database, followers: Followers) {
    this.#followers = followers;
    this.#openUpload = database.prepare('INSERT INTO upload (message_id) VALUES (?)');
    this.#findUpload = database.prepare('SELECT 1 FROM upload WHERE message_id = ?');
    this.#closeUpload = database.prepare('DELETE FROM upload WHERE message_id = ?');
    this.#countChunks = database.prepare('SELECT count(*) AS found FROM chunk WHERE message_id = ?');
    this.#insertChunk = database.prepare('INSERT INTO chunk (message_id, sequence, octets) VALUES (?, ?, ?)');
    this.#insertMessage = database.prepare(insertMessage(MESSAGE_COLUMNS));
    this.#insertMessageWithTerms = database.prepare(insertMessage([...MESSAGE_COLUMNS, ...TERMS_COLUMNS]));
    this.#insertRecipient = database.prepare(`
      INSERT INTO recipient (message_id, position, forward_path, status, notify, original_recipient,
        next_attempt_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#insertTag = database.prepare('INSERT INTO tag (name, message_id, domain_id) VALUES (?, ?, ?)');
    this.#enqueue = database.prepare(
      'INSERT INTO queue (message_id, domain_id, priority, due_at) VALUES (?, ?, ?, ?)',
    );
  }

  chunk({ id, sequence, piece }: WriteChunk): void {
    if (sequence === 0) this.#openUpload.get(id);
    else if (this.#findUpload.get(id) === undefined) throw lost();
    this.#writePiece(id, sequence, piece);
  }

  commit(message: CommitMessage): void {
    const { id, domainId, status, due, columns, recipients, sequence, piece } = message;
    if (sequence > 0) this.#finishUpload(id, sequence);
    if (piece !== null) this.#writePiece(id, sequence, piece);
    this.#followers.lateMessages.add(id, domainId);
    const insert =
      columns.length === MESSAGE_COLUMNS.length ? this.#insertMessage : this.#insertMessageWithTerms;
    insert.get(...columns);
    let position = 0;
    for (let at = 0; at < recipients.length; at += RECIPIENT_FIELDS, position += 1) {
      const forwardPath = recipients[at] ?? null;
      const notify = recipients[at + 1] ?? null;
      const originalRecipient = recipients[at + 2] ?? null;
      this.#insertRecipient.get(id, position, forwardPath, status, notify, originalRecipient, due);
    }
    for (const tag of message.tags) this.#insertTag.get(tag, id, domainId);
    const { tags, receivedAt } = message;
    const size = Number(columns[SIZE]);
    const reversePath = String(columns[REVERSE_PATH]);
    const counted = { tags, reversePath, receivedAt, recipients: position };
    this.#followers.counters.accepted(domainId, counted, status, size);
    this.#followers.timeSpans.add(id, receivedAt);
    this.#followers.searchJournal.add(id);
    if (due !== null) {
      this.#enqueue.get(id, domainId, message.priority, due);
      this.#followers.outbox.queued(domainId, id, position, message.receivedAt);
    }
    if (message.fulfils !== null) this.#followers.reports.fulfil(message.fulfils);
    if (message.completes !== null) this.#followers.idempotency.completeWithMessage(message.completes);
  }

  /** Checks in the database itself that all earlier chunks are there, whatever has happened since. */
  #finishUpload(id: number, chunks: number): void {
    if (this.#closeUpload.run(id).changes === 0) throw lost();
    const { found } = this.#countChunks.get(id) as { found: number };
    if (found !== chunks) throw lost();
  }

  #writePiece(id: number, sequence: number, { buffer, start, length }: Piece): void {
    this.#insertChunk.get(id, sequence, new Uint8Array(buffer, start, length));
  }
}
