import type { MessageId } from '../../store/port.js';
import type { Lease, Queue } from '../../store/queue.js';
import { ClockCheck } from '../clock-check.js';
import { DELIVERY } from '../limits.js';
import { StoreBackoff } from './store-backoff.js';

interface LeaseLoopOptions {
  readonly queue: Queue;
  readonly now: () => number;
  /** The longest gap between two attempts, in milliseconds. */
  readonly longestGap: number;
  /** All leased messages. */
  readonly inHand: ReadonlyMap<MessageId, { readonly lease: Lease }>;
  /** Called with messages that were leased, and {@link Queue.period} from before that. */
  readonly take: (leases: readonly Lease[], period: number | null) => void;
  /** Called if more messages are due than may be leased at once: gives back messages that cannot start soon. */
  readonly makeRoom: () => void;
  /** Called now and then. */
  readonly sweep: () => void;
  /** Called if recipients were due too late because the clock was put back, with their number. */
  readonly onCapped: (recipients: number) => void;
  /** Called if the store fails, once until it works again. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The shortest time between two polls of a queue that says that something is due and does not give it, in
 * milliseconds.
 */
const LEAST_GAP = 200;
/** The time between two searches of a window that is full of waiting messages, in milliseconds. */
const CROWDED_GAP = 1_000;
/**
 * The time between two searches for mail that is due too late, in milliseconds, if the queue has nothing earlier than
 * mail for a later release.
 */
const LATE_GAP = 600_000;

/**
 * Keeps messages leased: as many as fit, as soon as they are due. Sleeps if no message is due, and never polls the
 * store in a tight loop, whatever the store or the clock says.
 */
export class LeaseLoop {
  readonly #options: LeaseLoopOptions;
  readonly #stop = new AbortController();
  readonly #clock: ClockCheck;
  /** The clock was put back, and the times that recipients are due are not corrected yet. */
  #toCap = false;
  #capping: Promise<void> | null = null;
  /** The late time that was found last, and the time of the monotonic clock at which it is looked at again. */
  #lookedAt = { due: NaN, again: 0 };
  #done: Promise<void> = Promise.resolve();
  #wake: (() => void) | null = null;
  #woken = false;
  /** True if more messages are due than were leased. */
  #more = false;
  #finished = 0;
  /** When the next of the messages that were leased is due again. The queue may not know that time yet. */
  #dueAgain = Infinity;
  /** Ends the sleep at a time, if it would last longer. */
  #wakeBy: ((time: number) => void) | null = null;

  constructor(options: LeaseLoopOptions) {
    this.#options = options;
    this.#clock = new ClockCheck(options.now);
  }

  start(): void {
    this.#done = this.#run();
  }

  /** Stops. Resolves when the store will not be asked again. */
  stop(): Promise<void> {
    this.#stop.abort();
    this.#rouse();
    return this.#done;
  }

  /**
   * Called when a message is not leased any more.
   *
   * @param dueAgain when it is due again, in milliseconds since the epoch; Infinity if it is not
   */
  finished(dueAgain: number): void {
    this.#finished++;
    this.#dueAgain = Math.min(this.#dueAgain, dueAgain);
    this.#wakeBy?.(this.#dueAgain);
    // One poll for several messages, because each poll costs a transaction.
    const few = this.#options.inHand.size < DELIVERY.window.initial / 8;
    if (this.#more && (few || this.#finished >= DELIVERY.window.initial / 8)) this.#rouse();
  }

  async #run(): Promise<void> {
    const { queue, onFailure, sweep } = this.#options;
    const unwatch = queue.watch(() => this.#rouse());
    const renewal = setInterval(() => void this.#renew(), DELIVERY.lease.initial / 4);
    const gaps = new StoreBackoff();
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

  /**
   * Leases as many messages as fit. Returns how long there will be nothing to do, as far as is known, in milliseconds.
   */
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
    const period = queue.period();
    const leases = await queue.lease({ now: time, until, limit, perDomain: this.share(), contentOctets });
    take(leases, period);
    if (leases.length === limit) {
      this.#more = true;
      return CROWDED_GAP;
    }
    const due = await queue.nextDue();
    const wait = due === null ? Infinity : due - now();
    // The clock was put back before this loop had seen how far it was ahead. Mail for a later release is found, too, and
    // stays, so it does not ask for another search soon.
    if (due !== null && wait > this.#options.longestGap && this.#mayBeLate(due)) {
      this.#toCap = true;
      this.#capDue();
    }
    this.#more = wait <= 0;
    return Math.max(LEAST_GAP, wait);
  }

  /** Returns whether mail that is due so late is new, or was not looked at for a while. */
  #mayBeLate(due: number): boolean {
    const now = performance.now();
    if (due === this.#lookedAt.due && now < this.#lookedAt.again) return false;
    this.#lookedAt = { due, again: now + LATE_GAP };
    return true;
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

  /**
   * Returns how many messages of one domain may be leased. However many domains have mail, some room is left for one
   * more.
   */
  share(): number {
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
