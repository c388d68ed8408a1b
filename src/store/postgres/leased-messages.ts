/**
 * Messages as they were when they were leased. While the lease lasts few things change them, so the usual settlement needs
 * not read them: its statement compares them with what is stored (`changes.ts`), and fails if they differ.
 */
import { Recent } from '../../base/bounded-map.js';
import type { Settlement } from '../queue.js';
import type { LockedMessage } from './locked.js';

/** Leases that are remembered. */
const MOST = 10_000;
/** A message with more recipients is read again. */
const MOST_RECIPIENTS = 10;

export class LeasedMessages {
  readonly #messages = new Recent<number, LockedMessage>(MOST);

  /** Remembers a message, all recipients of which are leased. */
  readonly note = (lease: number, message: LockedMessage): void => {
    if (message.recipients.length <= MOST_RECIPIENTS) this.#messages.set(lease, message);
  };

  /**
   * Returns the message of a lease, and forgets it, if the settlements settle it as a whole and what they write depends on
   * nothing else; null if it must be read.
   */
  take(lease: number, settlements: readonly Settlement[]): LockedMessage | null {
    const message = this.#messages.get(lease);
    this.#messages.forget(lease);
    if (message?.recipients.length !== settlements.length) return null;
    const positions = new Set(settlements.map(({ position }) => position));
    if (positions.size !== settlements.length) return null;
    return settlements.every((settlement) => isPlain(message, settlement)) ? message : null;
  }
}

/** True if the settlement cannot be a repeated one: that is decided with the last attempt, which is not remembered. */
function isPlain(message: LockedMessage, { position, attempt }: Settlement): boolean {
  const recipient = message.recipients[position];
  return recipient !== undefined && (recipient.attempts === 0 || attempt.outcome === 'delivered');
}
