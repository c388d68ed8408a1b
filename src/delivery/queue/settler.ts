import { setMaxListeners } from 'node:events';
import type { Queue, Settlement } from '../../store/queue.js';
import type { Consignment } from './consignment.js';
import { StoreGaps } from './store-backoff.js';

export interface SettlerOptions {
  readonly queue: Queue;
  /** Hears of a store that fails, once until it works again. */
  readonly onFailure: (error: unknown) => void;
  /** Hears what the store has taken. */
  readonly onSettled: (settlements: readonly Settlement[]) => void;
  /** Hears that nothing of a message is in hand any more. */
  readonly onEnd: (consignment: Consignment) => void;
}

/**
 * Writes outcomes as soon as they are known. What the store does not take is kept and offered again, for as long
 * as the process lives: a recipient that has its mail must not get it again because a disk was full.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #halt = new AbortController();
  #failing = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
    // While the store fails, every message in hand waits for it.
    setMaxListeners(0, this.#halt.signal);
  }

  /** Writes what there is to write of a message, and whatever comes up meanwhile; ends its lease with the last. */
  settle(consignment: Consignment): void {
    if (consignment.settling) return;
    consignment.settling = true;
    void this.#write(consignment);
  }

  /** No more tries for what the store does not take. */
  halt(): void {
    this.#halt.abort();
  }

  async #write(consignment: Consignment): Promise<void> {
    const gaps = new StoreGaps();
    for (;;) {
      const { lease } = consignment;
      const settlements = [...consignment.unsettled];
      const finished = !consignment.isOpen;
      try {
        await this.#options.queue.settle(lease, settlements, finished);
      } catch (error) {
        if (!this.#failing) this.#options.onFailure(error);
        this.#failing = true;
        if (this.#halt.signal.aborted) break;
        await gaps.wait(this.#halt.signal);
        continue;
      }
      this.#failing = false;
      gaps.over();
      // Under a lease that had run out some of it was passed over: it is written again under the new one.
      if (lease !== consignment.lease) continue;
      consignment.settled(settlements);
      this.#options.onSettled(settlements);
      if (consignment.unsettled.length > 0) continue;
      if (consignment.isOpen) {
        consignment.settling = false;
        return;
      }
      if (finished) break;
    }
    consignment.settling = false;
    this.#options.onEnd(consignment);
  }
}
