/** SQL for reading messages: one message, its content, lists. */
import type { MessageDetail, MessageSummary } from '../../port.js';
import { Attempts } from './attempts.js';
import type { Database } from './database.js';
import { Listing, type ListMessages } from './listing.js';
import { detailOf, type MessageRow, type RecipientRow, summaryOf } from '../../columns/message.js';
import { notifyOf } from '../../columns/terms.js';

interface Row extends MessageRow {
  readonly content_removed: number;
}

/** A page may be short, even empty, with more to come: so many rows are looked at at a time. */
interface MessagePage {
  readonly messages: MessageSummary[];
  /** The value of `before` for the next page; null at the end. */
  readonly next: number | null;
}

export class Reading {
  readonly #message;
  readonly #recipients;
  readonly #content;
  readonly #listing;
  readonly #attempts;
  readonly #version;

  constructor(database: Database) {
    this.#message = database.prepare(`
      SELECT message.*, domain.name AS domain FROM message JOIN domain ON domain.id = message.domain_id
      WHERE message.id = ?`);
    this.#recipients = database.prepare(`
      SELECT forward_path AS forwardPath, status, notify, original_recipient AS originalRecipient,
        next_attempt_at AS nextAttemptAt
      FROM recipient WHERE message_id = ? ORDER BY position`);
    // Chunks of a message that is still coming in, or being removed, are not read.
    this.#content = database.prepare(`
      SELECT octets FROM chunk WHERE message_id = ?1 AND sequence = ?2
      AND EXISTS (SELECT 1 FROM message WHERE id = ?1 AND content_removed = 0)`);
    this.#listing = new Listing(database);
    this.#attempts = new Attempts(database);
    this.#version = database.prepare('PRAGMA data_version');
  }

  message(id: number): MessageDetail | null {
    const row = this.#row(id);
    if (row === null) return null;
    const attempts = this.#attempts.ofMessage(id);
    const recipients = this.#recipientsOf(id).map(({ notify, ...recipient }, position) => ({
      ...recipient,
      notify: notifyOf(notify),
      attempts: attempts.get(position) ?? [],
    }));
    return detailOf(row, recipients, row.content_removed === 1);
  }

  summary(id: number): MessageSummary | null {
    const row = this.#row(id);
    return row === null ? null : this.#summaryOf(row);
  }

  content(id: number, sequence: number): Uint8Array | null {
    const row = this.#content.get(id, sequence) as { octets: Uint8Array } | undefined;
    return row?.octets ?? null;
  }

  /** A number that another connection's changes change, and this one's do not. */
  version(): number {
    return (this.#version.get() as { data_version: number }).data_version;
  }

  page(query: ListMessages): MessagePage {
    const { ids, next } = this.#listing.page(query);
    const messages: MessageSummary[] = [];
    for (const id of ids) {
      const row = this.#row(id);
      if (row !== null) messages.push(this.#summaryOf(row));
    }
    return { messages, next };
  }

  #row(id: number): Row | null {
    return (this.#message.get(id) as Row | undefined) ?? null;
  }

  #summaryOf(row: Row): MessageSummary {
    return summaryOf(
      row,
      this.#recipientsOf(row.id).map(({ forwardPath }) => forwardPath),
    );
  }

  #recipientsOf(id: number): RecipientRow[] {
    return this.#recipients.all(id) as RecipientRow[];
  }
}
