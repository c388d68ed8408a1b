import type { Lease, LeasedRecipient, Settlement } from '../../store/queue.js';
import type { LeasedMessage } from './leased-message.js';
import type { RetryPolicy } from './schedule.js';
import { givenUpSettlement, settlementOf, timedOutSettlement } from './settlement.js';
import type { SettlementWriter } from './settlement-writer.js';
import type { Outcome } from './shipping.js';
import type { Delivery } from '../transports/transport.js';

interface OutcomeRecorderOptions {
  readonly retry: RetryPolicy;
  readonly writer: SettlementWriter;
  /** Returns milliseconds since the epoch. */
  readonly now: () => number;
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  /** Called when a recipient has an outcome, before it is written. */
  readonly onOutcome: (
    lease: Lease,
    recipient: LeasedRecipient,
    settlement: Settlement,
    quiet: boolean,
  ) => void;
  /** Called when a message was given up because of so many crashes. */
  readonly onCrashes: (lease: Lease, count: number) => void;
}

/**
 * Ends recipients of leased messages, in each of the ways that there are: with the outcome of an attempt, without a
 * further attempt, or put back as they were.
 */
export class OutcomeRecorder {
  readonly #options: OutcomeRecorderOptions;

  constructor(options: OutcomeRecorderOptions) {
    this.#options = options;
  }

  /** Records the outcomes of attempts: each recipient is delivered, failed, or deferred by the policy of retries. */
  record(message: LeasedMessage, outcomes: readonly Outcome[]): void {
    const { now, random, retry, onOutcome } = this.#options;
    const { lease } = message;
    // One moment for all: recipients that are deferred together are tried again together, in one shipment.
    const moment = { now: now(), chance: random() };
    const settlements = outcomes.map(({ recipient, delivery, ours }) => {
      const settlement = settlementOf(retry, lease, recipient, delivery, moment);
      // An outage is logged in one line, not in one for each message; so is content that cannot be read, for its message.
      const quiet =
        (ours === true || isAboutDestination(delivery)) && settlement.attempt.outcome === 'deferred';
      onOutcome(lease, recipient, settlement, quiet);
      return settlement;
    });
    this.#write(message, settlements);
  }

  /** Ends recipients whose time is over. */
  returnToSender(message: LeasedMessage, recipients: readonly LeasedRecipient[]): void {
    this.#settleUntried(message, recipients, timedOutSettlement);
  }

  /** Gives a message up because the server crashed too often while it was delivering it. */
  giveUp(message: LeasedMessage): void {
    const { lease } = message;
    const count = lease.crashes?.count ?? 0;
    this.#options.onCrashes(lease, count);
    this.#settleUntried(message, lease.recipients, (_, recipient, now) =>
      givenUpSettlement(lease, recipient, count, now),
    );
  }

  /**
   * Puts recipients back without a try. If no recipient of the message was tried, gives the lease back unchanged.
   *
   * @param at when they are due, in milliseconds since the epoch. Default: now.
   */
  leave(message: LeasedMessage, recipients: readonly LeasedRecipient[], at = this.#options.now()): void {
    const { writer } = this.#options;
    message.leave(recipients, at);
    if (message.isOpen) return;
    if (message.touched) writer.settle(message);
    else writer.giveBack(message, at);
  }

  #settleUntried(
    message: LeasedMessage,
    recipients: readonly LeasedRecipient[],
    settlementOfEnd: (lease: Lease, recipient: LeasedRecipient, now: number) => Settlement,
  ): void {
    const { now, onOutcome } = this.#options;
    const { lease } = message;
    const settlements = recipients.map((recipient) => {
      const settlement = settlementOfEnd(lease, recipient, now());
      onOutcome(lease, recipient, settlement, false);
      return settlement;
    });
    this.#write(message, settlements);
  }

  #write(message: LeasedMessage, settlements: readonly Settlement[]): void {
    message.record(settlements);
    this.#options.writer.settle(message);
  }
}

/** Returns true if a failed delivery says something about the whole destination, and not about one message alone. */
export function isAboutDestination({ transportFailed, general }: Delivery): boolean {
  return transportFailed === true || general === true;
}
