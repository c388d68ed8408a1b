/** Watchers that want to know that something may have become due. */
import { Listeners } from '../listeners.js';
import type { Signals } from './signals.js';

/** Milliseconds between two looks for changes of other nodes, while there are watchers. */
const LOOK_MS = 1000;

/**
 * Notifies listeners of mail that comes onto the queue: at once if it came through this node, soon by a signal if it came
 * through another one, and within a second in any case.
 */
export class QueueWatch {
  readonly #listeners = new Listeners();
  readonly #signals: Signals;
  readonly #nextDue: () => Promise<number | null>;
  #timer: NodeJS.Timeout | null = null;
  #endSignals: (() => void) | null = null;
  #due: number | null = null;

  /** @param nextDue reads the next time at which something is due */
  constructor(signals: Signals, nextDue: () => Promise<number | null>) {
    this.#signals = signals;
    this.#nextDue = nextDue;
  }

  /** Returns a function that ends it. */
  add(listener: () => void): () => void {
    const remove = this.#listeners.add(listener);
    this.#endSignals ??= this.#signals.on('queue', () => {
      this.#listeners.notify();
    });
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    return () => {
      remove();
      if (this.#listeners.size === 0) this.end();
    };
  }

  /** This node has changed what is due. */
  notify(): void {
    this.#listeners.notify();
    this.#signals.send('queue');
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#endSignals?.();
    this.#endSignals = null;
    this.#listeners.clear();
  }

  async #look(): Promise<void> {
    const before = this.#due;
    try {
      this.#due = await this.#nextDue();
    } catch {
      return; // The next look finds it.
    }
    // What is due and not leased yet is reported each time: a needless call does no harm.
    if (this.#due !== before || (this.#due ?? Infinity) <= Date.now()) this.#listeners.notify();
  }
}
