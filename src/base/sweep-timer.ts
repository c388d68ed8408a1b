/** A timer for many deadlines: it runs while there are any, and does not keep the process alive. */
export class SweepTimer {
  #timer: NodeJS.Timeout | null = null;

  /** @param every milliseconds between two sweeps: how late a deadline may be noticed */
  constructor(
    private readonly every: number,
    private readonly sweep: () => void,
  ) {}

  /** Does nothing if it runs already. */
  start(): void {
    this.#timer ??= setInterval(this.sweep, this.every).unref();
  }

  stop(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
