/**
 * Measures how long ago something was, by two clocks: the monotonic one may stand still while a virtual machine is suspended,
 * and the other one may be set. The one that says more is believed, so a clock that is put ahead makes it longer; one that is
 * put back does not make it shorter.
 */
export class Stopwatch {
  readonly #now: () => number;
  readonly #steady = performance.now();
  readonly #wall: number;

  /** @param now the node's clock, in milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#wall = now();
  }

  /** Milliseconds since it was made. */
  get elapsed(): number {
    return Math.max(performance.now() - this.#steady, this.#now() - this.#wall);
  }
}
