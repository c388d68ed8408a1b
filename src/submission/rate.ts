/** Milliseconds of a clock that never goes back. */
type Clock = () => number;

const MINUTE = 60_000;

/**
 * So many a minute, for each key by itself: a full minute's number at once, and as many as time gives back
 * after that.
 *
 * It is the generic cell rate algorithm (ITU-T I.371 annex A), a token bucket that is one number a key: the
 * time at which the bucket is full again. Keys are domains, of which there are as many as the operator made.
 */
export class Rate {
  readonly #fullAgain = new Map<number, number>();

  /** @param perMinute 0: any number. */
  constructor(
    readonly perMinute: number,
    private readonly clock: Clock = () => performance.now(),
  ) {}

  /** Takes one. @returns 0 where it may be had, else the milliseconds to wait until then; then none is taken. */
  take(key: number): number {
    if (this.perMinute === 0) return 0;
    const now = this.clock();
    const fullAgain = Math.max(this.#fullAgain.get(key) ?? now, now) + MINUTE / this.perMinute;
    const wait = fullAgain - now - MINUTE;
    // Less than that is the rounding of fractions.
    if (wait > 0.001) return wait;
    this.#fullAgain.set(key, fullAgain);
    return 0;
  }
}
