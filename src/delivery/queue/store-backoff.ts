import { pause } from '../../base/sleep.js';

const FIRST_GAP = 500;
const LONGEST_GAP = 30_000;

/**
 * The gaps between tries while the store fails: half a second, then twice as long each time, at most half a minute.
 */
export class StoreBackoff {
  #next = FIRST_GAP;

  /** True from the first failure until the store works again. */
  get failing(): boolean {
    return this.#next > FIRST_GAP;
  }

  /** Waits before the next try, or until the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const gap = this.#next;
    this.#next = Math.min(LONGEST_GAP, gap * 2);
    await pause(gap, signal);
  }

  /** Called when the store works. */
  over(): void {
    this.#next = FIRST_GAP;
  }
}
