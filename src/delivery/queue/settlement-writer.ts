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
 * Writes outcomes as soon as they are known, and gives back messages that were not tried. If the store fails, both are
 * tried again, as long as the process lives: a recipient that has its mail must not get it again because a disk was
 * full, and mail whose lease is kept by a node that lives is taken over by no other node.
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

  /**
   * Gives a message back as it was leased.
   *
   * @param at when it is due, in milliseconds since the epoch
   */
  giveBack(message: LeasedMessage, at: number): void {
    if (message.writing) return;
    message.writing = true;
    void this.#giveBack(message, at);
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
        if (await this.#mayTryAgain(error, gaps)) continue;
        break;
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

  async #giveBack(message: LeasedMessage, at: number): Promise<void> {
    const gaps = new StoreBackoff();
    // While the store fails, the lease can run out unnoticed and be given again: then the message is under way once more.
    while (!message.isOpen && !message.touched) {
      try {
        await this.#options.queue.giveBack(message.lease, at);
        this.#failing = false;
        break;
      } catch (error) {
        if (!(await this.#mayTryAgain(error, gaps))) break;
      }
    }
    message.writing = false;
    if (message.touched) this.settle(message);
    else if (!message.isOpen) this.#options.onEnd(message);
  }

  /** Waits before the next try of what the store did not do. Returns false if there is to be none. */
  async #mayTryAgain(error: unknown, gaps: StoreBackoff): Promise<boolean> {
    if (!this.#failing) this.#options.onFailure(error);
    this.#failing = true;
    if (this.#halt.signal.aborted) return false;
    await gaps.wait(this.#halt.signal);
    return true;
  }
}
