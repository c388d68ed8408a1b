/** The hot path: SQL that takes messages in. */
import { StoreError, type NewMessage } from '../port.js';
import type { Database } from './database.js';
import type { Followers } from './parts.js';
import type { CommitMessage, Piece, WriteChunk } from './operations.js';
import { notifyColumn, termsColumns } from './terms.js';

const INSERT_MESSAGE = `
  INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, subject, tags,
    list_unsubscribe, header_message_id, tls, client_address, ret, envelope_id, release_at, deliver_by,
    deliver_by_mode, priority, require_tls, body, smtputf8)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The chunks before this one are gone, or going: the thread that wrote them died, or never wrote them. */
function lost(): StoreError {
  return new StoreError('failed', 'earlier content of the message is lost; it must be sent again');
}

export class Intake {
  readonly #followers: Followers;
  readonly #openUpload;
  readonly #findUpload;
  readonly #closeUpload;
  readonly #countChunks;
  readonly #insertChunk;
  readonly #insertMessage;
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
    this.#insertMessage = database.prepare(INSERT_MESSAGE);
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
    if (sequence === 0) this.#openUpload.run(id);
    else if (this.#findUpload.get(id) === undefined) throw lost();
    this.#writePiece(id, sequence, piece);
  }

  commit({ id, message, size, sequence, piece }: CommitMessage): void {
    if (sequence > 0) this.#finishUpload(id, sequence);
    if (piece !== null) this.#writePiece(id, sequence, piece);
    this.#writeMessage(id, size, message);
    const { status, domainId, receivedAt, fulfils } = message;
    const due = status === 'queued' ? (message.terms?.releaseAt ?? receivedAt) : null;
    message.recipients.forEach(({ forwardPath, notify, originalRecipient = null }, position) => {
      const asked = notifyColumn(notify);
      this.#insertRecipient.run(id, position, forwardPath, status, asked, originalRecipient, due);
    });
    for (const tag of message.tags) this.#insertTag.run(tag, id, domainId);
    if (due !== null) {
      this.#enqueue.run(id, domainId, message.terms?.priority ?? 0, due);
      this.#followers.outbox.queued(domainId, id, message.recipients.length, receivedAt);
    }
    if (fulfils !== undefined) this.#followers.reports.fulfil(fulfils);
  }

  /** Sees in the database itself, whatever has happened since, that all earlier chunks are there. */
  #finishUpload(id: number, chunks: number): void {
    if (this.#closeUpload.run(id).changes === 0) throw lost();
    const { found } = this.#countChunks.get(id) as { found: number };
    if (found !== chunks) throw lost();
  }

  #writePiece(id: number, sequence: number, piece: Piece): void {
    this.#insertChunk.run(id, sequence, new Uint8Array(piece.buffer, 0, piece.length));
  }

  #writeMessage(id: number, size: number, message: NewMessage): void {
    this.#insertMessage.run(
      id,
      message.domainId,
      message.status,
      size,
      message.receivedAt,
      message.reversePath,
      message.from,
      message.subject,
      message.tags.length === 0 ? null : JSON.stringify(message.tags),
      message.listUnsubscribe,
      message.messageId,
      message.tls,
      message.clientAddress,
      ...termsColumns(message.terms),
    );
  }
}
