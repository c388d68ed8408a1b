/** Runs a function at once, and then at most once in each interval; what came meanwhile is done by one run at its end. */
export class Throttle {
  #timer = 0;
  #running = false;
  #again = false;
  #ended = false;

  /** @param interval milliseconds from the end of a run to the begin of the next one */
  constructor(
    private readonly run: () => Promise<void>,
    private readonly interval: number,
  ) {}

  call(): void {
    if (this.#ended) return;
    if (this.#running || this.#timer !== 0) this.#again = true;
    else void this.#go();
  }

  /** Runs nothing more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #go(): Promise<void> {
    this.#running = true;
    this.#again = false;
    try {
      await this.run();
    } finally {
      this.#running = false;
      if (!this.#ended) this.#timer = setTimeout(() => this.#over(), this.interval);
    }
  }

  #over(): void {
    this.#timer = 0;
    if (this.#again) void this.#go();
  }
}
