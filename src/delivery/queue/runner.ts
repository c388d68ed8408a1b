import { setMaxListeners } from 'node:events';
import { Recent } from '../../base/bounded-map.js';
import type { Domain, MessageId } from '../../store/port.js';
import type { Lease, LeasedRecipient, Queue, Settlement } from '../../store/queue.js';
import { LeasedMessage, type DeliveryJob } from './leased-message.js';
import type { DestinationQueue } from './destination-queue.js';
import { type Caps, DestinationQueues, type Start } from './destination-queues.js';
import { LeaseCheck } from './lease-check.js';
import { LeaseLoop } from './lease-loop.js';
import { OutcomeRecorder, isAboutDestination } from './outcome-recorder.js';
import { DELIVERY } from '../limits.js';
import { type RetryPolicy, isTooLate, longestGap } from './schedule.js';
import { SettlementWriter } from './settlement-writer.js';
import { type LastDeliveries, Router } from './router.js';
import { type Outcome, type OutgoingOf, ship } from './shipping.js';
import { SUSPECT_LIMITS, Suspects, isOnTrial, mustGiveUp } from './suspects.js';
import type { Delivery, Transport } from '../transports/transport.js';

/** Notifications of the runner. None of these may throw. */
export interface RunnerObserver {
  /** A recipient has an outcome, which is being written. */
  onOutcome?(lease: Lease, recipient: LeasedRecipient, settlement: Settlement, quiet: boolean): void;
  /** Outcomes of recipients of a message are written. */
  onSettled?(settlements: readonly Settlement[]): void;
  /** The store does not give out the content of a message, which is tried again later. Called once for a message. */
  onUnreadable?(lease: Lease, error: unknown): void;
  /** A message is given up because the server crashed so often while it was being delivered. */
  onCrashes?(lease: Lease, count: number): void;
  /** The clock was put back, and so many recipients that were due too late are due sooner. */
  onCapped?(recipients: number): void;
  /** A destination does not work. Called once until it works again. */
  onOutage?(destination: Destination, reason: string): void;
  /** A destination works again. */
  onRecovery?(destination: Destination): void;
  /** Something in this process failed: a transport that broke its contract, or the store. */
  onFault?(what: string, error: unknown): void;
}

/** A place that a transport delivers to, as {@link Transport.destination} names it. */
interface Destination {
  readonly transport: string;
  readonly destination: string;
}

export interface RunnerOptions {
  readonly queue: Queue;
  readonly outgoingOf: OutgoingOf;
  /** Returns the transports for a message, in the order in which they are tried. */
  readonly transportsOf: (domain: Domain, tags: readonly string[]) => readonly Transport[];
  readonly caps: Caps;
  readonly retry: RetryPolicy;
  readonly observer?: RunnerObserver;
  /** Returns milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** Returns a number from 0 up to, but not including, 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Delivers the messages on the queue: leases them, sends each to its destinations, and settles every recipient as soon
 * as its outcome is known.
 *
 *     queue ─lease─► LeasedMessage ─jobs─► DestinationQueues ─next─► Transport
 *       ▲                                                                │
 *       └─settle─ SettlementWriter ◄─ OutcomeRecorder ◄───outcomes───────┘
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #destinations: DestinationQueues<DeliveryJob>;
  readonly #router: Router;
  readonly #writer: SettlementWriter;
  readonly #outcomes: OutcomeRecorder;
  readonly #loop: LeaseLoop;
  readonly #check: LeaseCheck;
  readonly #inHand = new Map<number, LeasedMessage>();
  /** Messages of which it was reported that their content cannot be read. */
  readonly #unreadable = new Recent<MessageId, true>(DELIVERY.unreadable.initial);
  readonly #suspects = new Suspects<LeasedMessage>(SUSPECT_LIMITS);
  #suspectTimer: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();
  #idle: (() => void) | null = null;

  constructor(options: RunnerOptions) {
    const { queue, caps, retry, observer } = options;
    this.#options = options;
    // Everything under way listens to this signal.
    setMaxListeners(0, this.#stop.signal);
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#destinations = new DestinationQueues(caps, {
      base: retry.base / 4,
      max: Math.min(retry.max, DELIVERY.longestOutage.initial),
    });
    this.#router = new Router(this.#destinations, retry.base);
    this.#writer = new SettlementWriter({
      queue,
      onFailure: (error) => observer?.onFault?.('the store does not write the outcomes of messages', error),
      onSettled: (settlements) => observer?.onSettled?.(settlements),
      onEnd: (message) => this.#end(message),
    });
    this.#outcomes = new OutcomeRecorder({
      retry,
      writer: this.#writer,
      now: this.#now,
      random: this.#random,
      onOutcome: (...outcome) => observer?.onOutcome?.(...outcome),
      onCrashes: (lease, count) => observer?.onCrashes?.(lease, count),
    });
    this.#check = new LeaseCheck({
      queue,
      now: this.#now,
      inHand: this.#inHand,
      signal: this.#stop.signal,
      onSure: (lost) => this.#giveUpLost(lost),
    });
    this.#loop = new LeaseLoop({
      queue,
      now: this.#now,
      inHand: this.#inHand,
      longestGap: longestGap(retry),
      onCapped: (recipients) => observer?.onCapped?.(recipients),
      take: (leases, period) => {
        this.#check.took(period);
        for (const lease of leases) this.#take(lease);
        this.#startNext();
      },
      makeRoom: () => this.#makeRoom(),
      sweep: () => this.#destinations.sweep(this.#now()),
      onFailure: (error) => observer?.onFault?.('the store does not give out messages', error),
    });
  }

  /** Messages that this server has a lease on. */
  get inHand(): number {
    return this.#inHand.size;
  }

  /** Starts. May be called only once. */
  start(): void {
    this.#loop.start();
  }

  /**
   * Starts nothing more, waits for messages under way, and gives the others back. Resolves when no message is leased
   * any more or the grace is over, whichever is first. A message that is still under way then may be sent again by the
   * next server. The caller closes transports and store.
   *
   * @param graceMs milliseconds
   */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    const loop = this.#loop.stop();
    clearTimeout(this.#suspectTimer);
    for (const message of this.#suspects.clear()) this.#outcomes.leave(message, message.lease.recipients);
    for (const job of this.#destinations.clear()) this.#outcomes.leave(job.message, job.recipients);
    const settled = loop.then(() => this.#untilIdle());
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    this.#writer.halt();
  }

  /** Takes a message that was leased. */
  #take(lease: Lease): void {
    const known = this.#inHand.get(lease.id);
    if (known !== undefined) {
      // Its lease has run out unnoticed (the clock was put forward), and the store has given it to this server again.
      if (this.#suspects.has(known)) {
        known.renewUnstarted(lease);
        return;
      }
      const fresh = known.renew(lease);
      if (fresh.length > 0) this.#route(known, fresh, 0, null);
      return;
    }
    const message = new LeasedMessage(lease, this.#options.transportsOf(lease.domain, lease.tags));
    this.#inHand.set(lease.id, message);
    if (this.#stop.signal.aborted) this.#outcomes.leave(message, lease.recipients);
    else if (mustGiveUp(lease.crashes, DELIVERY.crashes.initial)) this.#outcomes.giveUp(message);
    else this.#suspects.add(message, lease.crashes?.count ?? 0);
  }

  /** Starts messages that were leased; after a crash, those that {@link Suspects} lets start. */
  #startNext(): void {
    if (this.#stop.signal.aborted) return;
    const now = this.#now();
    for (const message of this.#suspects.next(now)) {
      this.#route(message, message.lease.recipients, 0, null);
    }
    clearTimeout(this.#suspectTimer);
    const { due } = this.#suspects;
    if (due !== Infinity) {
      const wait = Math.min(Math.max(0, due - now), DELIVERY.suspectQuiet.initial);
      this.#suspectTimer = setTimeout(() => this.#startNext(), wait).unref();
    }
    this.#dispatch();
  }

  /** Puts recipients into the queues of destinations. If no transport remains for a recipient, it waits for the next try. */
  #route(
    message: LeasedMessage,
    recipients: readonly LeasedRecipient[],
    way: number,
    last: LastDeliveries,
  ): void {
    const now = this.#now();
    if (message.isLost) {
      this.#outcomes.leave(message, recipients);
      return;
    }
    if (isTooLate(message.lease, now)) {
      this.#outcomes.returnToSender(message, recipients);
      return;
    }
    const stranded = this.#router.route(message, recipients, way, last, now);
    if (stranded.length > 0) this.#outcomes.record(message, stranded);
  }

  #dispatch(): void {
    if (this.#stop.signal.aborted) return;
    if (!this.#check.isSure) {
      this.#check.begin();
      return;
    }
    const starts: Start<DeliveryJob>[] = [];
    for (
      let start = this.#destinations.next(this.#now());
      start !== null;
      start = this.#destinations.next(this.#now())
    ) {
      starts.push(start);
    }
    this.#recordBegin(starts);
    for (const start of starts) void this.#send(start);
  }

  /**
   * Records that attempts begin, so that the next process knows if this one dies of them. One call for all, and for
   * those that are next: then these start without a wait for the store, and most attempts need no call of their own
   * (`bench/delivery.mjs`: the event loop's thread took 107 us for a message in place of 130). If the server dies,
   * messages that had not started count as under way, too, and start as suspects.
   */
  #recordBegin(starts: readonly Start<DeliveryJob>[]): void {
    const fresh = new Set<LeasedMessage>();
    for (const { job } of starts) if (job.message.recorded === null) fresh.add(job.message);
    if (fresh.size === 0) return;
    // Where a crash has to be pinned on one message, only what is under way may count.
    if (this.#suspects.isUnsuspecting) {
      for (const queue of new Set(starts.map((start) => start.queue))) {
        for (const { message } of queue.ahead(BEGUN_AHEAD)) if (message.recorded === null) fresh.add(message);
      }
    }
    const leases = [...fresh].map(({ lease }) => lease);
    // If the store fails, delivery continues. The failure is reported when the outcomes are written.
    const recorded = this.#options.queue.begin(leases).catch(() => undefined);
    for (const message of fresh) message.recorded = recorded;
  }

  /** Gives up what other servers may have taken over. What is known of it is still written, and what is under way ends. */
  #giveUpLost(given: readonly LeasedMessage[]): void {
    // Some may have been leased again meanwhile.
    const lost = given.filter(({ isLost }) => isLost);
    for (const message of this.#suspects.remove(lost))
      this.#outcomes.leave(message, message.lease.recipients);
    const gone = new Set(lost);
    for (const { message, recipients } of this.#destinations.clear((job) => gone.has(job.message))) {
      this.#outcomes.leave(message, recipients);
    }
    this.#startNext();
  }

  async #send(start: Start<DeliveryJob>): Promise<void> {
    const { message } = start.job;
    const transport = message.transports[start.job.way];
    await message.recorded;
    if (this.#stop.signal.aborted) {
      this.#destinations.done(start);
      this.#outcomes.leave(message, start.job.recipients);
      return;
    }
    if (!this.#check.isSure) {
      this.#destinations.done(start);
      this.#destinations.push(start.queue, start.job);
      this.#dispatch();
      return;
    }
    const recipients = message.due(start.job.recipients);
    if (recipients.length < start.job.recipients.length) {
      const due = new Set(recipients);
      const others = start.job.recipients.filter((recipient) => !due.has(recipient));
      this.#outcomes.leave(message, others);
    }
    if (recipients.length === 0) this.#destinations.done(start);
    else if (transport === undefined || isTooLate(message.lease, this.#now())) {
      this.#destinations.done(start);
      this.#outcomes.returnToSender(message, recipients);
    } else {
      message.touched = true;
      const trial = this.#limitTrial(message);
      const isHeld = (): boolean =>
        this.#check.isSure && message.due(recipients).length === recipients.length;
      const { outcomes, fault, unreadable } = await ship(
        transport,
        message.lease,
        recipients,
        () => message.outgoing(this.#options.outgoingOf),
        this.#stop.signal,
        isHeld,
      );
      clearTimeout(trial);
      this.#destinations.done(start);
      if (unreadable !== null) this.#reportUnreadable(message.lease, unreadable);
      else if (fault !== null) this.#options.observer?.onFault?.(`${transport.name} failed`, fault);
      else {
        this.#unreadable.forget(message.lease.id);
        this.#observe(start, transport, outcomes);
      }
      this.#continue(start.job, outcomes, isHeld());
    }
    this.#dispatch();
  }

  /** If the server dies after a suspect has been under way for a while, that must not count as its trial. */
  #limitTrial({ lease }: LeasedMessage): NodeJS.Timeout | undefined {
    if (!isOnTrial(lease.crashes?.count ?? 0, DELIVERY.crashes.initial)) return undefined;
    // If the store fails, that is reported when the outcomes are written.
    const end = (): void => void this.#options.queue.lasts(lease).catch(() => undefined);
    return setTimeout(end, DELIVERY.suspectTrial.initial).unref();
  }

  /** Draws conclusions about the destination from the outcomes of a shipment. */
  #observe({ queue, job }: Start<DeliveryJob>, transport: Transport, outcomes: readonly Outcome[]): void {
    const { observer } = this.#options;
    const destination = { transport: transport.name, destination: job.destination };
    const failed = outcomes.find(({ delivery }) => isAboutDestination(delivery))?.delivery;
    if (failed === undefined) {
      if (queue.breaker.succeeded(this.#now())) observer?.onRecovery?.(destination);
      return;
    }
    const now = this.#now();
    if (this.#stop.signal.aborted) return;
    if (queue.breaker.markReported(now)) observer?.onOutage?.(destination, failed.reply);
    if (failed.transportFailed !== true) {
      if (failed.retryAfter !== undefined && failed.retryAfter > 0)
        this.#pause(queue, failed, failed.retryAfter);
      return;
    }
    if (queue.breaker.failed(failed.reply, now, this.#random())) this.#divert(queue);
  }

  /**
   * Begins the pause that a destination asks for. If it is short, recipients wait in the queue; else they are routed
   * anew.
   */
  #pause(queue: DestinationQueue<DeliveryJob>, { reply }: Delivery, milliseconds: number): void {
    const now = this.#now();
    queue.breaker.pauseFor(reply, now, milliseconds);
    if (this.#router.isPaused(queue.breaker, now)) this.#divert(queue);
    else setTimeout(() => this.#dispatch(), queue.breaker.until - now + 1).unref();
  }

  /** Takes the recipients out of the queue of a destination that is out of order, and routes them anew. */
  #divert(queue: DestinationQueue<DeliveryJob>): void {
    for (const { message, recipients, way } of this.#destinations.remove(queue)) {
      this.#route(message, recipients, way, null);
    }
  }

  /**
   * Records the outcomes of a shipment. If the transport failed, recipients go on to the next transport.
   *
   * @param isHeld false if another server may have the message
   */
  #continue({ message, way }: DeliveryJob, outcomes: readonly Outcome[], isHeld: boolean): void {
    // In both cases a transport begins nothing, and says "not now", which is no answer of the remote server.
    const stopping = this.#stop.signal.aborted || !isHeld;
    const next = outcomes.filter(
      ({ delivery }) => delivery.transportFailed === true && way + 1 < message.transports.length,
    );
    const left = stopping ? outcomes.filter(({ delivery }) => delivery.outcome === 'deferred') : [];
    const known = outcomes.filter((one) => !left.includes(one) && (stopping || !next.includes(one)));
    if (known.length > 0) this.#outcomes.record(message, known);
    if (left.length > 0) this.#outcomes.leave(message, recipientsOf(left));
    else if (next.length > 0) {
      const last = new Map(next.map(({ delivery }) => [delivery.position, delivery]));
      this.#route(message, recipientsOf(next), way + 1, last);
    }
  }

  /** Reports once for each message that the store does not give out its content. */
  #reportUnreadable(lease: Lease, error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (this.#unreadable.get(lease.id) === undefined) this.#options.observer?.onUnreadable?.(lease, error);
    this.#unreadable.set(lease.id, true);
  }

  /** Gives back messages that cannot start soon, so that mail for other destinations has room. */
  #makeRoom(): void {
    const now = this.#now();
    for (const message of this.#suspects.spare(this.#loop.share() / 2)) {
      this.#outcomes.leave(message, message.lease.recipients, now + SUSPECT_RETURN);
    }
    for (const { queue, jobs } of this.#destinations.overfull(now - DELIVERY.roomWait.initial, now)) {
      queue.returns++;
      const later = Math.min(LONGEST_RETURN, FIRST_RETURN * 2 ** (queue.returns - 1));
      for (const job of jobs) {
        const { message, recipients } = job;
        // If another part of the message is or was under way, the message stays until that part is settled.
        if (message.touched || recipients.length < message.lease.recipients.length) {
          this.#destinations.push(queue, job);
        } else {
          this.#outcomes.leave(message, recipients, now + Math.round(later * (1 + this.#random() / 2)));
        }
      }
    }
  }

  #end(message: LeasedMessage): void {
    this.#inHand.delete(message.lease.id);
    this.#loop.finished(message.dueAgain);
    this.#suspects.ended(message);
    if (!this.#suspects.isEmpty) this.#startNext();
    if (this.#inHand.size === 0) this.#idle?.();
  }

  #untilIdle(): Promise<void> {
    if (this.#inHand.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#idle = resolve));
  }
}

/** Messages that are recorded as under way before they start, of each destination. */
const BEGUN_AHEAD = 32;

/**
 * Milliseconds after which a message that was given back for want of room is due again. Doubles up to the second
 * value.
 */
const FIRST_RETURN = 10_000;
const LONGEST_RETURN = 60_000;

/** The same for a suspect: after what is due now. */
const SUSPECT_RETURN = 5_000;

function recipientsOf(outcomes: readonly Outcome[]): LeasedRecipient[] {
  return outcomes.map(({ recipient }) => recipient);
}
