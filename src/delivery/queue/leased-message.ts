import type { Lease, LeasedRecipient, Settlement } from '../../store/queue.js';
import type { Outgoing, OutgoingOf } from './shipping.js';
import type { Transport } from '../transports/transport.js';

/** Part of a leased message: its recipients with one destination. */
export interface DeliveryJob {
  readonly message: LeasedMessage;
  readonly recipients: readonly LeasedRecipient[];
  readonly destination: string;
  /** Index of the transport in `ways`. */
  readonly way: number;
  readonly domain: number;
  readonly since: number;
}

/**
 * A leased message, from its lease to its last settlement. A recipient is open until its outcome is known. An outcome
 * is kept until the store has it.
 */
export class LeasedMessage {
  #open: Set<number>;
  /** Recipients of the present lease; null if it is the first one. */
  #leased: ReadonlySet<number> | null = null;
  #unsettled: Settlement[] = [];
  /** True if a recipient was tried: then the message is no longer as it was leased. */
  touched = false;
  #outgoing: Promise<Outgoing> | null = null;
  /**
   * When the next recipient is tried again, in milliseconds since the epoch; Infinity if none is, as far as is known.
   */
  dueAgain = Infinity;
  /** Resolves when the store has recorded that an attempt is under way; null before. Never rejects. */
  recorded: Promise<void> | null = null;
  /** True if another server may have it: then nothing of it is sent until it is leased again. */
  isLost = false;
  /** True while its outcomes are being written. */
  writing = false;

  constructor(
    /** The latest lease. It may have run out unnoticed and have been given again. */
    public lease: Lease,
    /** Transports in the order in which they are tried. */
    readonly transports: readonly Transport[],
  ) {
    this.#open = new Set(lease.recipients.map(({ position }) => position));
  }

  /** Returns the content to send. It is made once for all destinations, and again if that failed. */
  outgoing(make: OutgoingOf): Promise<Outgoing> {
    this.#outgoing ??= Promise.resolve(make(this.lease)).catch((error: unknown) => {
      this.#outgoing = null;
      throw error;
    });
    return this.#outgoing;
  }

  /** True if there are recipients whose outcome is not known. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Outcomes that the store does not have yet. */
  get unsettled(): readonly Settlement[] {
    return this.#unsettled;
  }

  /**
   * Takes a new lease of the same message. Returns only the recipients that are new: a recipient that is under way, or
   * whose outcome is known, must not be tried again.
   */
  renew(lease: Lease): LeasedRecipient[] {
    this.#takeLease(lease);
    const known = new Set([...this.#open, ...this.#unsettled.map(({ position }) => position)]);
    const fresh = lease.recipients.filter(({ position }) => !known.has(position));
    for (const { position } of fresh) this.#open.add(position);
    return fresh;
  }

  /** Takes a new lease of a message of which nothing has started: all its recipients start together later. */
  renewUnstarted(lease: Lease): void {
    this.#takeLease(lease);
    this.#open = new Set(lease.recipients.map(({ position }) => position));
  }

  #takeLease(lease: Lease): void {
    this.lease = lease;
    this.#leased = new Set(lease.recipients.map(({ position }) => position));
    this.isLost = false;
    this.recorded = null;
  }

  /**
   * Returns those of its recipients that may be sent now: the present lease has them. If another server had the message
   * meanwhile, it has perhaps delivered it to some.
   */
  due(recipients: readonly LeasedRecipient[]): readonly LeasedRecipient[] {
    if (this.isLost) return [];
    const leased = this.#leased;
    return leased === null ? recipients : recipients.filter(({ position }) => leased.has(position));
  }

  /** Adds outcomes that the store has to write. */
  record(settlements: readonly Settlement[]): void {
    this.touched = true;
    for (const { position, nextAttemptAt } of settlements) {
      this.#open.delete(position);
      this.dueAgain = Math.min(this.dueAgain, nextAttemptAt ?? Infinity);
    }
    this.#unsettled.push(...settlements);
  }

  /**
   * Leaves recipients as they were, without a try.
   *
   * @param at when they are due, in milliseconds since the epoch
   */
  leave(recipients: readonly LeasedRecipient[], at: number): void {
    this.dueAgain = Math.min(this.dueAgain, at);
    for (const { position } of recipients) this.#open.delete(position);
  }

  /** Removes outcomes that the store has written. */
  settled(settlements: readonly Settlement[]): void {
    const gone = new Set(settlements);
    this.#unsettled = this.#unsettled.filter((settlement) => !gone.has(settlement));
  }
}
