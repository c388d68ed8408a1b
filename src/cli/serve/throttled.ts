/**
 * Writes one kind of log line at most once in a while: the first at once, the next after that time with the count of
 * the lines that were left out.
 */
export class Throttled {
  #last = -Infinity;
  #leftOut = 0;

  /**
   * @param everyMs milliseconds between two lines
   * @param write writes a line
   * @param clock milliseconds; default: the process's monotonic clock
   */
  constructor(
    private readonly everyMs: number,
    private readonly write: (line: Record<string, unknown>) => void,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  note(line: Record<string, unknown>): void {
    const now = this.clock();
    if (now - this.#last < this.everyMs) {
      this.#leftOut++;
      return;
    }
    this.write(this.#leftOut === 0 ? line : { ...line, before: this.#leftOut });
    this.#last = now;
    this.#leftOut = 0;
  }
}
