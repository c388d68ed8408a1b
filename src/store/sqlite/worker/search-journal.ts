/**
 * The messages that the index of words lacks: each transaction that takes messages in writes one row with their ids.
 * The index is filled later, by another thread (`search/indexing.ts`), so that no accept pays for it.
 *
 * Ids of messages are not in the order of their commits, so that the greatest indexed id would not tell what is missing.
 */
import type { Database } from './database.js';

/** Rows that are removed in one go. */
const SLICE_ROWS = 256;

export class SearchJournal {
  readonly #insert;
  readonly #remove;
  #ids: number[] = [];

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO search_journal (messages) VALUES (?)');
    this.#remove = database.prepare(`
      DELETE FROM search_journal
      WHERE id IN (SELECT id FROM search_journal WHERE id < ? ORDER BY id LIMIT ${SLICE_ROWS})`);
  }

  add(id: number): void {
    this.#ids.push(id);
  }

  /** Writes what was added. Called in the transaction, before it commits. */
  write(): void {
    if (this.#ids.length > 0) this.#insert.get(this.#ids.join());
  }

  /** The transaction has ended. */
  forget(): void {
    this.#ids = [];
  }

  /** Removes rows before one that is indexed. That one stays: it shows that index and store belong together. */
  remove(indexed: number): void {
    this.#remove.run(indexed);
  }
}
