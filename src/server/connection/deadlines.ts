import { performance } from 'node:perf_hooks';
import { ConnectionSet } from './connection-set.js';

/** Something that may be late. */
export interface Deadlined {
  /** Its place among what {@link Deadlines} watches; -1 outside. */
  watchedAt: number;
  /** Called on each sweep with the clock's milliseconds; acts where its time has come. */
  expire(now: number): void;
}

/** Milliseconds of a clock that never goes back. */
export type Clock = () => number;

export const monotonic: Clock = () => performance.now();

/**
 * One timer for all connections. A timer per socket per command would be set and cleared for every line of
 * every client; a sweep over ten thousand numbers costs less than one of them, and a deadline of minutes
 * need not be met to the millisecond.
 */
export class Deadlines {
  readonly #watched = new ConnectionSet<'watchedAt', Deadlined>('watchedAt');
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param resolution milliseconds between sweeps: how late a deadline may be noticed.
   * @param clock injected by tests.
   */
  constructor(
    private readonly resolution: number,
    readonly clock: Clock = monotonic,
  ) {}

  watch(one: Deadlined): void {
    this.#watched.add(one);
    if (this.#timer === null) {
      this.#timer = setInterval(() => {
        this.sweep();
      }, this.resolution);
      // Waiting for a deadline is no reason to keep the process alive.
      this.#timer.unref();
    }
  }

  forget(one: Deadlined): void {
    this.#watched.delete(one);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Looks at every deadline once. */
  sweep(): void {
    const now = this.clock();
    this.#watched.forEach((one) => {
      one.expire(now);
    });
  }
}
