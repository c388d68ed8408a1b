/** SQL for reading messages: one message, its content, lists. */
import type { MessageDetail, MessageSummary, Status } from '../../port.js';
import { Attempts } from './attempts.js';
import type { Database } from './database.js';
import { Listing, type ListMessages } from './listing.js';
import { needsOf } from '../../columns/needs.js';
import { notifyOf, termsOf, type TermsRow } from '../../columns/terms.js';

interface MessageRow extends TermsRow {
  readonly needs: number | null;
  readonly id: number;
  readonly domain: string;
  readonly status: Status;
  readonly size: number;
  readonly received_at: number;
  readonly reverse_path: string;
  readonly header_from: string;
  readonly subject: string | null;
  readonly tags: string | null;
  readonly list_unsubscribe: string | null;
  readonly header_message_id: string | null;
  readonly tls: string | null;
  readonly client_address: string;
  readonly content_removed: number;
}

interface RecipientRow {
  readonly forwardPath: string;
  readonly status: Status;
  readonly notify: string | null;
  readonly originalRecipient: string | null;
  readonly nextAttemptAt: number | null;
}

/** A page may be short, even empty, with more to come: so many rows are looked at at a time. */
export interface MessagePage {
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
    const recipients = this.#recipientsOf(id);
    const attempts = this.#attempts.ofMessage(id);
    return {
      ...summary(row, recipients),
      reversePath: row.reverse_path,
      messageId: row.header_message_id,
      clientAddress: row.client_address,
      recipients: recipients.map(({ notify, ...recipient }, position) => ({
        ...recipient,
        notify: notifyOf(notify),
        attempts: attempts.get(position) ?? [],
      })),
      terms: termsOf(row),
      needs: needsOf(row.needs),
      contentRemoved: row.content_removed === 1,
    };
  }

  summary(id: number): MessageSummary | null {
    const row = this.#row(id);
    return row === null ? null : summary(row, this.#recipientsOf(id));
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
      if (row !== null) messages.push(summary(row, this.#recipientsOf(id)));
    }
    return { messages, next };
  }

  #row(id: number): MessageRow | null {
    return (this.#message.get(id) as MessageRow | undefined) ?? null;
  }

  #recipientsOf(id: number): RecipientRow[] {
    return this.#recipients.all(id) as RecipientRow[];
  }
}

function summary(row: MessageRow, recipients: readonly RecipientRow[]): MessageSummary {
  return {
    id: row.id,
    domain: row.domain,
    status: row.status,
    from: row.header_from,
    to: recipients.map(({ forwardPath }) => forwardPath),
    subject: row.subject,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    listUnsubscribe: row.list_unsubscribe,
    size: row.size,
    receivedAt: row.received_at,
    tls: row.tls,
  };
}
