/** Reads the texts of stored messages that are searched. */
import { HeaderSection } from '../../header-section.js';
import { documentOf, type DocumentRow, type SearchDocument } from '../../search-text.js';
import type { Database } from './database.js';

/** Returns a chunk of a message's content; null at its end, or if there is no content. */
type ReadContent = (id: number, sequence: number) => Uint8Array | null;

export class Documents {
  readonly #row;
  readonly #recipients;
  readonly #content: ReadContent;

  constructor(database: Database, content: ReadContent) {
    this.#content = content;
    this.#row = database.prepare(`
      SELECT id, status, received_at AS receivedAt, header_from AS "from",
        reverse_path AS reversePath, subject, tags, header_message_id AS messageId
      FROM message WHERE id = ?`);
    this.#recipients = database.prepare(
      'SELECT forward_path AS forwardPath FROM recipient WHERE message_id = ? ORDER BY position',
    );
  }

  /** Returns the texts of a message; null if it does not exist. */
  find(id: number): SearchDocument | null {
    const row = this.#row.get(id) as DocumentRow | undefined;
    if (row === undefined) return null;
    const recipients = this.#recipients.all(id) as { forwardPath: string }[];
    return documentOf(
      row,
      recipients.map(({ forwardPath }) => forwardPath),
      () => this.headerSection(id),
    );
  }

  /** Returns the header section, also if it goes over several chunks; null if there is no content. */
  headerSection(id: number): Uint8Array | null {
    const section = new HeaderSection();
    for (let sequence = 0; ; sequence++) {
      const chunk = this.#content(id, sequence);
      if (chunk === null) return sequence === 0 ? null : section.end();
      const found = section.add(chunk);
      if (found !== null) return found;
    }
  }
}
