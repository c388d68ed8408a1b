import { Buffer } from 'node:buffer';

/** Something that may wait for too long. */
export interface Waiting {
  /** Called on each sweep; acts where its time is over. */
  sweep(tick: number): void;
}

/** Octets that one read of a plain socket can bring. */
const READ_OCTETS = 64 * 1024;

/**
 * What the connections of a thread share: one sweep over all deadlines, so that no reply sets or clears a
 * timer, and one buffer that plain sockets read into, so that no read allocates one.
 */
export class Shared {
  /** Sweeps so far: a clock that costs nothing to read. */
  tick = 0;
  /** Each reading of a socket is over before the next one begins, so one buffer is enough. */
  readonly buffer: Buffer = Buffer.allocUnsafeSlow(READ_OCTETS);
  readonly #watched = new Set<Waiting>();
  #timer: NodeJS.Timeout | null = null;

  /** @param resolution milliseconds between sweeps: how late a deadline may be noticed. */
  constructor(readonly resolution = 250) {}

  watch(one: Waiting): void {
    this.#watched.add(one);
    this.#timer ??= setInterval(() => {
      this.tick++;
      for (const waiting of this.#watched) waiting.sweep(this.tick);
    }, this.resolution);
    // A connection keeps the process alive as long as it lives; its deadline need not.
    this.#timer.unref();
  }

  forget(one: Waiting): void {
    this.#watched.delete(one);
    if (this.#watched.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
