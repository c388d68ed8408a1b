import { setMaxListeners } from 'node:events';
import type { Queue, Settlement } from '../../store/queue.js';
import type { LeasedMessage } from './leased-message.js';
import { StoreBackoff } from './store-backoff.js';

interface SettlementWriterOptions {
  readonly queue: Queue;
  /** Called if the store fails, once until it works again. */
  readonly onFailure: (error: unknown) => void;
  /** Called with settlements that the store has written. */
  readonly onSettled: (settlements: readonly Settlement[]) => void;
  /** Called when a message is not leased any more. */
  readonly onEnd: (message: LeasedMessage) => void;
}

/**
 * Writes outcomes as soon as they are known. If the store fails, they are kept and written again, as long as the
 * process lives: a recipient that has its mail must not get it again because a disk was full.
 */
export class SettlementWriter {
  readonly #options: SettlementWriterOptions;
  readonly #halt = new AbortController();
  #failing = false;

  constructor(options: SettlementWriterOptions) {
    this.#options = options;
    // If the store fails, every leased message waits on this signal.
    setMaxListeners(0, this.#halt.signal);
  }

  /** Writes the outcomes of a message, also those that are added meanwhile, and ends the lease with the last one. */
  settle(message: LeasedMessage): void {
    if (message.writing) return;
    message.writing = true;
    void this.#write(message);
  }

  /** Stops retrying if the store fails. */
  halt(): void {
    this.#halt.abort();
  }

  async #write(message: LeasedMessage): Promise<void> {
    const gaps = new StoreBackoff();
    for (;;) {
      const { lease } = message;
      const settlements = [...message.unsettled];
      const finished = !message.isOpen;
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
      if (lease !== message.lease) continue;
      message.settled(settlements);
      this.#options.onSettled(settlements);
      if (message.unsettled.length > 0) continue;
      if (message.isOpen) {
        message.writing = false;
        return;
      }
      if (finished) break;
    }
    message.writing = false;
    this.#options.onEnd(message);
  }
}
