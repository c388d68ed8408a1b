/** Returns milliseconds of a clock that never goes back. */
type Clock = () => number;

const MINUTE = 60_000;

/**
 * Limits how often something happens per minute, for each key on its own. A key may use the number of a whole minute
 * at once; after that, it regains its share as time passes.
 *
 * It is the generic cell rate algorithm (ITU-T I.371 annex A), a token bucket with one number per key: the time at
 * which the bucket is full again. Keys are domains, of which there are as many as the operator made.
 */
export class Rate {
  readonly #fullAgain = new Map<number, number>();

  /** @param perMinute 0 allows any number */
  constructor(
    readonly perMinute: number,
    private readonly clock: Clock = () => performance.now(),
  ) {}

  /** Takes one if it is available. @returns 0 if it was taken; else the milliseconds until one is available. */
  take(key: number): number {
    if (this.perMinute === 0) return 0;
    const now = this.clock();
    const fullAgain = Math.max(this.#fullAgain.get(key) ?? now, now) + MINUTE / this.perMinute;
    const wait = fullAgain - now - MINUTE;
    // A smaller wait is only the rounding of fractions.
    if (wait > 0.001) return wait;
    this.#fullAgain.set(key, fullAgain);
    return 0;
  }
}
