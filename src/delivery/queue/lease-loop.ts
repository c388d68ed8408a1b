import type { MessageId } from '../../store/port.js';
import type { Lease, Queue } from '../../store/queue.js';
import { ClockCheck } from '../clock-check.js';
import { DELIVERY } from '../limits.js';
import { StoreGaps } from './store-backoff.js';

export interface LeaseLoopOptions {
  readonly queue: Queue;
  readonly now: () => number;
  /** The longest gap between two attempts, in milliseconds. */
  readonly longestGap: number;
  /** All that is in hand. */
  readonly inHand: ReadonlyMap<MessageId, { readonly lease: Lease }>;
  /** Gets what was leased. */
  readonly take: (leases: readonly Lease[]) => void;
  /** Asked, while more is due than fits in hand, to give back what cannot start soon. */
  readonly makeRoom: () => void;
  /** Called now and then. */
  readonly sweep: () => void;
  /** Called if recipients were due too late because the clock was put back, with their number. */
  readonly onCapped: (recipients: number) => void;
  /** Hears of a store that fails, once until it works again. */
  readonly onFailure: (error: unknown) => void;
}

/** The least time between two looks at a queue that says that something is due and does not give it, in milliseconds. */
const LEAST_GAP = 200;
/** How often a window that is full of waiting messages is looked through, in milliseconds. */
const CROWDED_GAP = 1_000;

/**
 * Keeps messages in hand: as many as fit, as soon as they are due. Sleeps while nothing is, and never asks the
 * store in a hot loop, whatever the store or the clock says.
 */
export class LeaseLoop {
  readonly #options: LeaseLoopOptions;
  readonly #stop = new AbortController();
  readonly #clock: ClockCheck;
  /** The clock was put back, and the times that recipients are due are not corrected yet. */
  #toCap = false;
  #capping: Promise<void> | null = null;
  #done: Promise<void> = Promise.resolve();
  #wake: (() => void) | null = null;
  #woken = false;
  /** More is due than was leased. */
  #more = false;
  #finished = 0;
  /** When the next of those that were in hand is due again, of which the queue may not have told yet. */
  #dueAgain = Infinity;
  /** Ends the sleep at a time, where it would last longer. */
  #wakeBy: ((time: number) => void) | null = null;

  constructor(options: LeaseLoopOptions) {
    this.#options = options;
    this.#clock = new ClockCheck(options.now);
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Resolves when the store will not be asked again. */
  stop(): Promise<void> {
    this.#stop.abort();
    this.#rouse();
    return this.#done;
  }

  /**
   * A message is no longer in hand.
   *
   * @param dueAgain when it comes up again, in milliseconds since the epoch; Infinity where it does not
   */
  finished(dueAgain: number): void {
    this.#finished++;
    this.#dueAgain = Math.min(this.#dueAgain, dueAgain);
    this.#wakeBy?.(this.#dueAgain);
    // One look for several of them: each costs a transaction.
    const few = this.#options.inHand.size < DELIVERY.window.initial / 8;
    if (this.#more && (few || this.#finished >= DELIVERY.window.initial / 8)) this.#rouse();
  }

  async #run(): Promise<void> {
    const { queue, onFailure, sweep } = this.#options;
    const unwatch = queue.watch(() => this.#rouse());
    const renewal = setInterval(() => void this.#renew(), DELIVERY.lease.initial / 4);
    const gaps = new StoreGaps();
    while (!this.#stop.signal.aborted) {
      try {
        await this.#sleep(await this.#fill());
        gaps.over();
      } catch (error) {
        if (!gaps.failing) onFailure(error);
        await gaps.wait(this.#stop.signal);
      }
      sweep();
    }
    clearInterval(renewal);
    unwatch();
    await this.#capping;
  }

  /** Leases what fits. Returns how long there will be nothing to do, as far as is known, in milliseconds. */
  async #fill(): Promise<number> {
    const { queue, now, inHand, take, makeRoom } = this.#options;
    this.#woken = false;
    this.#finished = 0;
    this.#dueAgain = Infinity;
    this.#capDue();
    if (this.#more) makeRoom();
    const limit = DELIVERY.window.initial - inHand.size;
    if (limit <= 0) {
      this.#more = true;
      return CROWDED_GAP;
    }
    const time = now();
    const until = time + DELIVERY.lease.initial;
    const contentOctets = DELIVERY.contentAtHand.initial;
    const leases = await queue.lease({ now: time, until, limit, perDomain: this.#share(), contentOctets });
    take(leases);
    if (leases.length === limit) {
      this.#more = true;
      return CROWDED_GAP;
    }
    const due = await queue.nextDue();
    const wait = due === null ? Infinity : due - now();
    this.#more = wait <= 0;
    return Math.max(LEAST_GAP, wait);
  }

  /** Corrects what is due too late if the clock was put back. Mail that is due does not wait for it. */
  #capDue(): void {
    if (this.#clock.wasPutBack()) this.#toCap = true;
    if (!this.#toCap || this.#capping !== null) return;
    this.#toCap = false;
    const { queue, now, longestGap, onCapped } = this.#options;
    this.#capping = queue
      .capDue({ now: now(), longest: longestGap })
      .then(
        (recipients) => {
          if (recipients === 0) return;
          onCapped(recipients);
          this.#rouse();
        },
        // The store fails: the next look at the queue says so, and this is tried again with it.
        () => {
          this.#toCap = true;
        },
      )
      .finally(() => (this.#capping = null));
  }

  /** Messages of one domain in hand: however many domains have mail, some room is left for one more. */
  #share(): number {
    const domains = new Set<number>();
    for (const { lease } of this.#options.inHand.values()) domains.add(lease.domain.id);
    return Math.ceil(DELIVERY.window.initial / (Math.max(1, domains.size) + 1));
  }

  async #renew(): Promise<void> {
    const { queue, now, inHand, onFailure } = this.#options;
    if (inHand.size === 0) return;
    const held = [...inHand.values()].map(({ lease }) => lease);
    try {
      await queue.renew(held, now() + DELIVERY.lease.initial);
    } catch (error) {
      onFailure(error);
    }
  }

  #rouse(): void {
    this.#woken = true;
    this.#wake?.();
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (this.#woken || this.#stop.signal.aborted) return;
    const { now } = this.#options;
    const began = now();
    let end = began + Math.min(milliseconds, DELIVERY.longestSleep.initial);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, end - began);
      this.#wake = resolve;
      this.#wakeBy = (time) => {
        const earlier = Math.max(time, began + LEAST_GAP);
        if (earlier >= end) return;
        end = earlier;
        clearTimeout(timer);
        timer = setTimeout(resolve, Math.max(0, end - now()));
      };
      this.#wakeBy(this.#dueAgain);
    });
    clearTimeout(timer);
    this.#wake = null;
    this.#wakeBy = null;
  }
}
