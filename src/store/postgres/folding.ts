/** Folds additions to counters into their tables: `schema/counters.ts` says how. */
import { STORE } from '../limits.js';
import type { Connections } from './connections.js';

/** How often, in milliseconds. Until then readers add what is not folded. */
const FOLD_MS = 1000;
/** Rows that one transaction folds. */
const STEP_ROWS = 2000;

const FOLD = { name: 'fold', text: 'SELECT fold_counters($1, $2) AS folded' };

/** Folds once. Returns the number of rows; 0 too if another node is at it. */
export function foldCounters(connections: Connections): Promise<number> {
  return connections.transaction(async (connection) => {
    // If it is lost, the rows are still there.
    await connection.exec('SET LOCAL synchronous_commit = off');
    const values = [STEP_ROWS, STORE.countedNames.initial];
    return (await connection.run<{ folded: number }>(FOLD, values)).rows[0]?.folded ?? 0;
  });
}

export class Folding {
  readonly #connections: Connections;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;
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
      while (!this.#closed && (await foldCounters(this.#connections)) >= STEP_ROWS);
    } catch {
      // A failure shows in the calls of others; the next turn makes up for it.
    }
  }
}
