/** Fills the index of words soon after messages came in. */
import type { Connections } from '../connections.js';
import { countWaiting, indexStep } from './indexing.js';
import { MOST_WAITING } from './text-index.js';

/** How soon after a message came in, so that those of a burst are indexed together, in milliseconds. */
const SOON_MS = 100;
/**
 * While messages come in, the pause after a step, as a multiple of the time that the step took. Accepting a message needs
 * less processor time than indexing it, of the process and of the server.
 */
const GIVE_WAY = 9;
/** The longest pause, in milliseconds. */
const MOST_PAUSE_MS = 1000;
/**
 * Messages that wait from which on the index no longer gives way. While this process has next to no idle time, it gives way for
 * longer: what the index takes then, the accepts lack. With some more the index would be too far behind to be used.
 */
const MOST_BEHIND = { idle: MOST_WAITING / 20, busy: MOST_WAITING / 2 };
/** The part of the time that the event loop has no idle time in, from which on the process counts as busy. */
const BUSY = 0.7;
/** How often to look for what another node has left, in milliseconds. */
const LOOK_MS = 2000;

/**
 * Returns how long to pause after a step while messages come in, in milliseconds.
 *
 * @param took how long the step took, in milliseconds
 * @param behind messages that are not indexed yet
 * @param utilization the part of the time in which the event loop was not idle
 */
export function pauseAfter(took: number, behind: number, utilization: number): number {
  const most = utilization > BUSY ? MOST_BEHIND.busy : MOST_BEHIND.idle;
  return behind < most ? Math.min(MOST_PAUSE_MS, took * GIVE_WAY) : 0;
}

export class Indexer {
  readonly #connections: Connections;
  readonly #look: NodeJS.Timeout;
  #soon: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  /** How many messages have come in. */
  #wakes = 0;
  #endPause: (() => void) | null = null;
  /** The part of the time in which the event loop was not idle, in the last turn and the pause after it. */
  #utilization = 0;
  #closed = false;

  constructor(connections: Connections) {
    this.#connections = connections;
    this.#look = setInterval(() => {
      this.#start();
    }, LOOK_MS).unref();
  }

  /** A message has come in. */
  wake(): void {
    this.#wakes++;
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
    this.#endPause?.();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const wakes = this.#wakes;
        const began = performance.now();
        const loop = performance.eventLoopUtilization();
        if (this.#closed || (await indexStep(this.#connections)) === 0) return;
        const took = performance.now() - began;
        if (this.#wakes === wakes) continue;
        const pause = pauseAfter(took, await countWaiting(this.#connections), this.#utilization);
        if (pause > 0) await this.#pause(pause);
        this.#utilization = performance.eventLoopUtilization(loop).utilization;
      }
    } catch {
      // A failure shows in the calls of others. The next look goes on.
    }
  }

  #pause(time: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, time).unref();
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
