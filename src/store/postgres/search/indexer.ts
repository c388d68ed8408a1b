/** Fills the index of words soon after messages came in. */
import type { Connections } from '../connections.js';
import { indexStep } from './indexing.js';

/** How soon after a message came in, so that those of a burst are indexed together, in milliseconds. */
const SOON_MS = 100;
/** How often to look for what another node has left, in milliseconds. */
const LOOK_MS = 2000;

export class Indexer {
  readonly #connections: Connections;
  readonly #look: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(connections: Connections) {
    this.#connections = connections;
    this.#look = setInterval(() => {
      this.#start();
    }, LOOK_MS).unref();
  }

  /** A message has come in. */
  wake(): void {
    if (this.#closed || this.#running !== null) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.#start();
    }, SOON_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#look);
    if (this.#soon !== null) clearTimeout(this.#soon);
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  async #run(): Promise<void> {
    try {
      while (!this.#closed && (await indexStep(this.#connections)) > 0);
    } catch {
      // A failure shows in the calls of others. The next look goes on.
    }
  }
}
