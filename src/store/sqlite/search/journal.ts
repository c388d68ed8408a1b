/** Reads the journal that `worker/search-journal.ts` writes. */
import type { Database } from '../worker/database.js';

export interface JournalRow {
  readonly id: number;
  readonly messages: string;
}

export class JournalReader {
  readonly #rows;
  readonly #last;

  constructor(database: Database) {
    this.#rows = database.prepare(
      'SELECT id, messages FROM search_journal WHERE id >= ? ORDER BY id LIMIT ?',
    );
    this.#last = database.prepare('SELECT id, messages FROM search_journal ORDER BY id DESC LIMIT 1');
  }

  /** Returns rows from this one on. */
  from(id: number, limit: number): JournalRow[] {
    const rows = this.#rows.all(id, limit) as JournalRow[];
    return rows;
  }

  /** Returns the newest row. There is always one. */
  last(): JournalRow {
    const row = this.#last.get() as JournalRow;
    return row;
  }
}

/** Returns the ids of the messages in a row. The first row of a store has a random name in place of them. */
export function messagesIn({ messages }: JournalRow): number[] {
  return messages.startsWith('store') ? [] : messages.split(',').map(Number);
}
