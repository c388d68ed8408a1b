/** Folds additions to counters into their tables: `schema/counters.ts` says how. */
import { STORE } from '../limits.js';
import type { Connections } from './connections.js';

/** How often, in milliseconds. Until then readers add what is not folded. */
const FOLD_MS = 1000;
/**
 * Rows that one transaction folds: first few, then twice as many if that was quick, or half as many if not. A row has some
 * entries or thousands, and a step that takes longer than the server may is never done.
 */
const FIRST_ROWS = 16;
const MOST_ROWS = 2048;
/** A step is quick if it takes less than this, in milliseconds. */
const QUICK_MS = 100;

/** Rows of the counts by tag that one transaction folds: they are short. */
const TAG_ROWS = 2000;

const FOLD_TAGS = { name: 'fold_tags', text: 'SELECT fold_tags($1) AS folded' };
const FOLD = { name: 'fold', text: 'SELECT fold_counters($1, $2) AS folded' };

/** Folds at most so many rows. Returns their number; 0 too if another node is at it. */
export function foldCounters(connections: Connections, rows: number): Promise<number> {
  return connections.transaction(async (connection) => {
    // If it is lost, the rows are still there.
    await connection.exec('SET LOCAL synchronous_commit = off');
    const values = [rows, STORE.countedNames.initial];
    return (await connection.run<{ folded: number }>(FOLD, values)).rows[0]?.folded ?? 0;
  });
}

/** Returns how many rows of the counts by tag were folded. */
function foldTags(connections: Connections): Promise<number> {
  return connections.transaction(async (connection) => {
    await connection.exec('SET LOCAL synchronous_commit = off');
    return (await connection.run<{ folded: number }>(FOLD_TAGS, [TAG_ROWS])).rows[0]?.folded ?? 0;
  });
}

export class Folding {
  readonly #connections: Connections;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;
  #rows = FIRST_ROWS;
  #closed = false;

  constructor(connections: Connections) {
    this.#connections = connections;
    this.#timer = setInterval(() => {
      this.#running ??= this.#run().finally(() => (this.#running = null));
    }, FOLD_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#closed && (await this.#step()));
      while (!this.#closed && (await foldTags(this.#connections)) === TAG_ROWS);
    } catch {
      // A failure shows in the calls of others; the next turn makes up for it. Maybe there was too much to do.
      this.#rows = Math.max(1, this.#rows / 2);
    }
  }

  /** Returns true if there may be more to fold. */
  async #step(): Promise<boolean> {
    const rows = this.#rows;
    const began = performance.now();
    const folded = await foldCounters(this.#connections, rows);
    if (performance.now() - began > QUICK_MS) this.#rows = Math.max(1, rows / 2);
    else if (folded === rows) this.#rows = Math.min(MOST_ROWS, rows * 2);
    return folded === rows;
  }
}
