import { Buffer } from 'node:buffer';
import { SweepTimer } from '../base/sweep-timer.js';

/** An object with a deadline. */
export interface Deadlined {
  /** Called on each sweep; acts if the deadline has passed. */
  sweep(): void;
}

/** Octets that one read of a plain socket can bring. */
const READ_OCTETS = 64 * 1024;

/**
 * State that the connections of a thread share. There is one sweep over all deadlines, so that no reply sets or clears
 * a timer, and one buffer into which plain sockets read, so that no read allocates a buffer.
 */
export class Shared {
  /** Number of sweeps so far: a clock that costs nothing to read. */
  tick = 0;
  /** Each read of a socket is handled before the next one begins, so one buffer is enough. */
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(READ_OCTETS);
  readonly #watched = new Set<Deadlined>();
  readonly #timer: SweepTimer;

  /** @param resolution milliseconds between sweeps: how late a deadline may be noticed. */
  constructor(readonly resolution = 250) {
    this.#timer = new SweepTimer(resolution, () => {
      this.tick++;
      for (const waiting of this.#watched) waiting.sweep();
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
}
