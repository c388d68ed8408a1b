/** How far the clock may fall behind between two looks before it counts as put back, in milliseconds. */
const TOLERANCE = 1_000;

/**
 * Notices that the system's clock was put back, by comparing it with a clock that only runs forward. What was
 * computed from the wrong time before has to be corrected then.
 */
export class ClockCheck {
  #last: { readonly wall: number; readonly steady: number } | null = null;

  /**
   * @param now the clock, in milliseconds since the epoch
   * @param steady a clock that is never set, in milliseconds. Default: `performance.now`
   */
  constructor(
    private readonly now: () => number,
    private readonly steady: () => number = () => performance.now(),
  ) {}

  /** Returns true if the clock was put back since the last call, and at the first call: it may have been before. */
  wasPutBack(): boolean {
    const [wall, steady] = [this.now(), this.steady()];
    const last = this.#last;
    this.#last = { wall, steady };
    return last === null || wall - last.wall < steady - last.steady - TOLERANCE;
  }
}
