/** Finds parts of the index of words of which most messages have been removed since. */
import type { Database, Statement } from '../worker/database.js';
import { type Part, wordsTable } from './index-file.js';

/** Messages of a part that are looked for in the store. */
const SAMPLE = 64;

export class RemovedMessages {
  readonly #isStored: Statement;

  /** @param main the store's database */
  constructor(main: Database) {
    this.#isStored = main.prepare('SELECT 1 FROM message WHERE id = ?');
  }

  /**
   * Returns whether more than half of the messages of a part have been removed, as far as a sample shows, or belong to
   * the range of another part by now.
   *
   * @param below the end of its range
   */
  areMost(index: Database, { id, first, documents }: Part, below: number): boolean {
    const inRange = `FROM ${wordsTable(id)}_docsize WHERE id >= ? AND id < ?`;
    const { count } = index.prepare(`SELECT count(*) AS count ${inRange}`).get(first, below) as {
      count: number;
    };
    const each = Math.max(1, Math.floor(count / SAMPLE));
    const sample = index
      .prepare(
        `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS number ${inRange}) WHERE number % ? = 0`,
      )
      .all(first, below, each) as { id: number }[];
    const stored = sample.filter((row) => this.#isStored.get(row.id) !== undefined).length;
    // Without a message in its range, a part is dropped whole.
    return sample.length > 0 && (stored / sample.length) * count * 2 < documents;
  }
}
