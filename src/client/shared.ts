import { Buffer } from 'node:buffer';

/** An object with a deadline. */
export interface Deadlined {
  /** Called on each sweep; acts if the deadline has passed. */
  sweep(tick: number): void;
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
  #timer: NodeJS.Timeout | null = null;

  /** @param resolution milliseconds between sweeps: how late a deadline may be noticed. */
  constructor(readonly resolution = 250) {}

  watch(one: Deadlined): void {
    this.#watched.add(one);
    this.#timer ??= setInterval(() => {
      this.tick++;
      for (const waiting of this.#watched) waiting.sweep(this.tick);
    }, this.resolution);
    // The sockets keep the process alive; the timer must not.
    this.#timer.unref();
  }

  forget(one: Deadlined): void {
    this.#watched.delete(one);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
