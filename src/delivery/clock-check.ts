/** How far the clock may fall behind between two looks before it counts as put back, in milliseconds. */
const TOLERANCE = 1_000;
/**
 * What was computed from the wrong time may be on its way to the store when the clock is put back. After this time it is
 * there, or has failed, in milliseconds.
 */
const ON_ITS_WAY = 20_000;

/**
 * Notices that the system's clock was put back, by comparing it with a clock that only runs forward. What was
 * computed from the wrong time before has to be corrected then.
 */
export class ClockCheck {
  #last: { readonly wall: number; readonly steady: number } | null = null;
  /** When to correct once more, on the steady clock. */
  #again = Infinity;

  /**
   * @param now the clock, in milliseconds since the epoch
   * @param steady a clock that is never set, in milliseconds. Default: `performance.now`
   */
  constructor(
    private readonly now: () => number,
    private readonly steady: () => number = () => performance.now(),
  ) {}

  /**
   * Returns true if the clock was put back since the last call, and once more when all that was computed before is
   * written. Returns true at the first call: the clock may have been put back before.
   */
  wasPutBack(): boolean {
    const [wall, steady] = [this.now(), this.steady()];
    const last = this.#last;
    this.#last = { wall, steady };
    if (last === null) return true;
    if (wall - last.wall < steady - last.steady - TOLERANCE) {
      this.#again = steady + ON_ITS_WAY;
      return true;
    }
    if (steady < this.#again) return false;
    this.#again = Infinity;
    return true;
  }
}
