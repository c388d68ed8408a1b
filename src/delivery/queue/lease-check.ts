import type { MessageId } from '../../store/port.js';
import type { Queue } from '../../store/queue.js';
import { DELIVERY } from '../limits.js';
import type { LeasedMessage } from './leased-message.js';
import { StoreBackoff } from './store-backoff.js';

interface LeaseCheckOptions {
  readonly queue: Pick<Queue, 'period' | 'renew'>;
  readonly now: () => number;
  /** All leased messages. */
  readonly inHand: ReadonlyMap<MessageId, LeasedMessage>;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  /** Called when it is sure again, with the messages that other servers may have. */
  readonly onSure: (lost: readonly LeasedMessage[]) => void;
}

/**
 * Knows whether other servers may have taken over messages in hand. That may be so if this process stood still (a virtual
 * machine that was suspended, SIGSTOP), or could not reach the store. Nothing may be sent then until the store has said
 * which leases hold.
 *
 * Usually it costs no call of the store: all leases were given out within the period that still lasts (see
 * {@link Queue.period}).
 */
export class LeaseCheck {
  readonly #options: LeaseCheckOptions;
  /** The period in which each lease in hand was given out or confirmed; null if there is none. */
  #period: number | null = null;
  #running = false;

  constructor(options: LeaseCheckOptions) {
    this.#options = options;
  }

  /** True if all messages in hand are surely this server's, apart from those that are lost. */
  get isSure(): boolean {
    return !this.#running && this.#isConfirmed;
  }

  /**
   * Called before messages that were leased are in hand.
   *
   * @param period that of the queue when it was asked for them
   */
  took(period: number | null): void {
    if (this.#options.inHand.size === 0) this.#period = period;
    else if (period !== this.#period) this.#period = null;
  }

  /** Asks the store which leases hold, unless it is being asked. If the store fails, asks again until it answers. */
  begin(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  get #isConfirmed(): boolean {
    const { inHand, queue } = this.#options;
    return inHand.size === 0 || (this.#period !== null && queue.period() === this.#period);
  }

  async #run(): Promise<void> {
    const { queue, now, inHand, signal, onSure } = this.#options;
    const gaps = new StoreBackoff();
    const lost: LeasedMessage[] = [];
    while (!signal.aborted && !this.#isConfirmed) {
      const asked = [...inHand.values()].map((message) => ({ message, lease: message.lease }));
      const leases = asked.map(({ lease }) => lease);
      // Before the call: what is leased meanwhile must be of this period, too.
      this.#period = queue.period();
      try {
        const held = new Set(await queue.renew(leases, now() + DELIVERY.lease.initial));
        for (const { message, lease } of asked) {
          // It may have been leased anew meanwhile.
          if (held.has(lease.id) || message.lease !== lease || message.isLost) continue;
          message.isLost = true;
          lost.push(message);
        }
        if (queue.period() === null) await gaps.wait(signal);
      } catch {
        // Other calls report that the store fails.
        this.#period = null;
        await gaps.wait(signal);
      }
    }
    this.#running = false;
    if (!signal.aborted) onSure(lost);
  }
}
