/** Reads the texts of stored messages that are searched. */
import { STORE } from '../../limits.js';
import type { Status } from '../../port.js';
import { headerValuesOf, type SearchDocument } from '../../search-text.js';
import type { Database } from './database.js';

interface DocumentRow {
  readonly id: number;
  readonly status: Status;
  readonly receivedAt: number;
  readonly from: string;
  readonly reversePath: string;
  readonly subject: string | null;
  readonly tags: string | null;
  readonly messageId: string | null;
}

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
    return {
      ...row,
      tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
      to: recipients.map(({ forwardPath }) => forwardPath),
      headerValues: () => {
        const section = this.headerSection(id);
        return section === null ? [] : headerValuesOf(Buffer.from(section).toString('utf8'));
      },
    };
  }

  /** Returns the header section, also if it goes over several chunks; null if there is no content. */
  headerSection(id: number): Uint8Array | null {
    const most = STORE.headerSection.initial;
    let octets = Buffer.alloc(0);
    for (let sequence = 0; ; sequence++) {
      const chunk = this.#content(id, sequence);
      if (chunk === null) return sequence === 0 ? null : octets.subarray(0, most);
      const from = Math.max(0, octets.length - 3);
      octets = Buffer.concat([octets, chunk.subarray(0, most + 4 - octets.length)]);
      if (octets[0] === 0x0d && octets[1] === 0x0a) return octets.subarray(0, 0);
      const end = octets.indexOf('\r\n\r\n', from);
      if (end >= 0) return octets.subarray(0, Math.min(end + 2, most));
      if (octets.length > most) return octets.subarray(0, most);
    }
  }
}
