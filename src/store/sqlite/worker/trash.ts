import { beginWriting, type Database } from './database.js';

/** Chunks removed in one go: about 4 MiB, some milliseconds. Accepts run in between. */
const SLICE_CHUNKS = 16;

/**
 * Removes the chunks of messages that never committed, slice by slice.
 *
 * The row in the upload table goes last, so that chunks that a crash leaves half removed are found again: finding them
 * costs as much as there is to remove, however large the store.
 */
export class Trash {
  readonly #database;
  readonly #unfinished;
  readonly #removeSlice;
  readonly #removeUpload;
  readonly #ids: number[] = [];

  constructor(database: Database) {
    this.#database = database;
    this.#unfinished = database.prepare('SELECT message_id AS id FROM upload');
    // Only as long as it is in the upload table: a message that did commit after all is not touched.
    this.#removeSlice = database.prepare(`
      DELETE FROM chunk WHERE rowid IN (SELECT rowid FROM chunk WHERE message_id = ?1 LIMIT ${SLICE_CHUNKS})
      AND EXISTS (SELECT 1 FROM upload WHERE message_id = ?1)`);
    this.#removeUpload = database.prepare('DELETE FROM upload WHERE message_id = ?');
  }

  get isEmpty(): boolean {
    return this.#ids.length === 0;
  }

  add(id: number): void {
    this.#ids.push(id);
  }

  /** Everything that never committed. Only for the one process that takes messages, before it takes any. */
  addUnfinished(): void {
    for (const { id } of this.#unfinished.all() as { id: number }[]) this.add(id);
  }

  /** Removes one slice, in a transaction of its own. If that fails, the slice is tried again later. */
  removeSlice(): void {
    const id = this.#ids[0];
    if (id === undefined) return;
    if (!beginWriting(this.#database)) throw new Error('another process writes');
    try {
      const finished = this.#removeSlice.run(id).changes < SLICE_CHUNKS;
      if (finished) this.#removeUpload.run(id);
      this.#database.exec('COMMIT');
      if (finished) this.#ids.shift();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
