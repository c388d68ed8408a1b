import { setMaxListeners } from 'node:events';
import type { Queue, Settlement } from '../../store/queue.js';
import type { Consignment } from './consignment.js';
import { StoreGaps } from './store-backoff.js';

export interface SettlerOptions {
  readonly queue: Queue;
  /** Called if the store fails, once until it works again. */
  readonly onFailure: (error: unknown) => void;
  /** Called with settlements that the store has written. */
  readonly onSettled: (settlements: readonly Settlement[]) => void;
  /** Called when a message is not leased any more. */
  readonly onEnd: (consignment: Consignment) => void;
}

/**
 * Writes outcomes as soon as they are known. If the store fails, they are kept and written again, as long as the
 * process lives: a recipient that has its mail must not get it again because a disk was full.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #halt = new AbortController();
  #failing = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
    // If the store fails, every leased message waits on this signal.
    setMaxListeners(0, this.#halt.signal);
  }

  /** Writes the outcomes of a message, also those that are added meanwhile, and ends the lease with the last one. */
  settle(consignment: Consignment): void {
    if (consignment.settling) return;
    consignment.settling = true;
    void this.#write(consignment);
  }

  /** Stops retrying if the store fails. */
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
      // The lease had run out, so the store skipped some outcomes: they are written again under the new lease.
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
