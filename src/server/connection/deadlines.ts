import { performance } from 'node:perf_hooks';
import { SweepTimer } from '../../base/sweep-timer.js';
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
  readonly #timer: SweepTimer;

  /**
   * @param resolution milliseconds between sweeps: how late a deadline may be noticed.
   * @param clock injected by tests.
   */
  constructor(
    resolution: number,
    readonly clock: Clock = monotonic,
  ) {
    this.#timer = new SweepTimer(resolution, () => {
      this.sweep();
    });
  }

  watch(one: Deadlined): void {
    this.#watched.add(one);
    this.#timer.start();
  }

  forget(one: Deadlined): void {
    this.#watched.delete(one);
    if (this.#watched.size === 0) this.#timer.stop();
  }

  /** Looks at every deadline once. */
  sweep(): void {
    const now = this.clock();
    this.#watched.forEach((one) => {
      one.expire(now);
    });
  }
}
