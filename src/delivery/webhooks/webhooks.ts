import { setMaxListeners } from 'node:events';
import type { SecureContextOptions } from 'node:tls';
import type { Store } from '../../store/port.js';
import type { Webhook, WebhookCall, WebhookEvent } from '../../store/webhooks.js';
import { ClockCheck } from '../clock-check.js';
import { pause } from '../../base/sleep.js';
import { ContentWorkers, Stopped } from '../workers/workers.js';
import { type LeasedEvent, DomainEvents } from './domain-events.js';
import { DELIVERY } from '../limits.js';
import { SUSPECT_LIMITS, Suspects, isOnTrial, mustGiveUp } from '../queue/suspects.js';
import { LONGEST_GAP, RETRIES, gapAfter } from './schedule.js';
import { type CallResult, WebhookCaller } from './webhook-caller.js';

/** Notifications for the log. */
export interface WebhookObserver {
  /** A webhook was called. `duration` is in milliseconds. */
  readonly onCalled?: (call: Omit<WebhookCall, 'call'>) => void;
  /** A webhook was switched off. Its events that were not reported are dropped. */
  readonly onSwitchedOff?: (webhook: Webhook, reason: string) => void;
  /** An event could not be reported. It will be tried again. */
  readonly onFailed?: (webhook: Webhook, event: WebhookEvent, reason: string) => void;
  /** The server crashed so often while it reported an event that this event is dropped. */
  readonly onCrashes?: (webhook: Webhook, event: WebhookEvent) => void;
  /** The clock was put back, and so many events that were due too late are due sooner. */
  readonly onCapped?: (events: number) => void;
  /** The store failed. Called once until the store works again. */
  readonly onError?: (error: unknown) => void;
}

export interface WebhookOptions {
  /** If true, endpoints may have any address, and `http:`. Default: only public addresses and `https:`. */
  readonly allowPrivate?: boolean;
  readonly observer?: WebhookObserver;
  /** Trusted certificate authorities, PEM. Default: those of Node. */
  readonly ca?: SecureContextOptions['ca'];
  /** Milliseconds for one request and its response. Default: 10 seconds. */
  readonly deadline?: number;
  /** Returns the milliseconds before an event is reported again. Default: {@link gapAfter}. */
  readonly gap?: (attempts: number) => number;
  /** Milliseconds between two polls of the store. Default: 1 second. */
  readonly poll?: number;
  /** Milliseconds between two polls of a store that fails. Default: 5 seconds. */
  readonly failureGap?: number;
  /** Milliseconds that requests under way may still take when it stops. Default: 3 seconds. */
  readonly stopGrace?: number;
  /** The workers that parse messages. Default: workers of its own, with the default limits. */
  readonly workers?: ContentWorkers;
  /** Returns milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Number of events of one domain that are reported at the same time. */
const CONCURRENCY = 2;
/** The most events leased at one time, of all domains. They are small: a message is read when its turn comes. */
const MAX_LEASED = 1000;
/** The most events leased in one call. */
const BATCH = 64;
/**
 * The most events leased for one domain. If its endpoint is slow, most leased events still belong to other domains.
 */
const PER_DOMAIN = 32;
/** Milliseconds of a lease. If the turn of an event has not come by then, it is leased again later. */
const LEASE = 120_000;
/** Least milliseconds between two polls if the store says that something is due and does not give it. */
const LEAST_GAP = 200;

type WebhookStore = Pick<Store, 'webhooks' | 'webhookCalls' | 'message' | 'content'>;

/** Reports the events of the store's outbox from now on. `close` stops it; the store must be closed after that. */
export function startWebhooks(store: WebhookStore, options: WebhookOptions = {}): { close(): Promise<void> } {
  const sender = new EventSender(store, options);
  const done = sender.run();
  return { close: () => sender.stop(done) };
}

/**
 * Leases events that are due and reports each to the webhook of its domain, at least once. Domains do not wait for
 * each other: each has a queue of its own. If an endpoint fails, the events that wait for it go back to the store
 * until the next try.
 */
class EventSender {
  readonly #store: WebhookStore;
  readonly #options: WebhookOptions;
  readonly #caller: WebhookCaller;
  readonly #workers: ContentWorkers;
  /** The workers, if this object made them itself; else null. */
  readonly #own: ContentWorkers | null;
  readonly #now: () => number;
  readonly #deadline: number;
  readonly #domains = new Map<number, DomainEvents>();
  readonly #stopping = new AbortController();
  readonly #abort = new AbortController();
  #webhooks = new Map<number, Webhook>();
  readonly #work = new Set<Promise<void>>();
  #leased = 0;
  /** True if more events may be due than were leased. */
  #more = false;
  /** Ends the pause between two polls of the store. */
  #wake = new AbortController();
  /** Events that were under way when the server died, and those that wait for them: as the queue does with messages. */
  readonly #suspects = new Suspects<LeasedEvent>(SUSPECT_LIMITS);
  #failing = false;
  readonly #clock: ClockCheck;
  /** The clock was put back, and the times that events are due are not corrected yet. */
  #toCap = false;

  constructor(store: WebhookStore, options: WebhookOptions) {
    const { allowPrivate = false, deadline = 10_000, now = Date.now, ca } = options;
    this.#store = store;
    // Every request under way listens to these signals.
    setMaxListeners(0, this.#abort.signal, this.#stopping.signal);
    this.#options = options;
    this.#own = options.workers === undefined ? new ContentWorkers() : null;
    this.#workers = options.workers ?? (this.#own as ContentWorkers);
    this.#now = now;
    this.#clock = new ClockCheck(now);
    this.#deadline = deadline;
    this.#caller = new WebhookCaller({
      store,
      workers: this.#workers,
      allowPrivate,
      ca,
      deadline,
      now,
      stopping: this.#stopping.signal,
      abort: this.#abort.signal,
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const wait = await this.#take();
        this.#failing = false;
        if (wait > 0) await pause(wait, AbortSignal.any([signal, this.#wake.signal]));
        this.#wake = new AbortController();
      } catch (error) {
        this.#failed(error);
        await pause(this.#options.failureGap ?? 5_000, signal);
      }
    }
  }

  async stop(done: Promise<void>): Promise<void> {
    this.#stopping.abort();
    await done;
    // Events that have not begun stay in the store.
    for (const domain of this.#domains.values()) domain.clear();
    const over = new AbortController();
    const finished = Promise.allSettled([...this.#work]).then(() => over.abort());
    await pause(this.#options.stopGrace ?? 3_000, over.signal);
    this.#abort.abort();
    await finished;
    this.#own?.close();
    this.#caller.close();
  }

  /**
   * Leases the events that are due and for which there is room. Returns the milliseconds until there may be more to
   * do.
   */
  async #take(): Promise<number> {
    const { webhooks } = this.#store;
    const poll = this.#options.poll ?? 1_000;
    await this.#capDue();
    this.#startNext();
    const limit = Math.min(BATCH, MAX_LEASED - this.#leased);
    if (limit === 0) return poll;
    const now = this.#now();
    const perDomain = Math.min(PER_DOMAIN, Math.ceil(MAX_LEASED / (this.#domains.size + 1)));
    const events = await webhooks.leaseEvents({ now, until: now + LEASE, limit, perDomain });
    if (events.length === 0) {
      const due = await webhooks.nextEventDue();
      this.#more = due !== null && due <= this.#now();
      return due === null ? poll : Math.min(poll, Math.max(LEAST_GAP, due - this.#now()));
    }
    this.#webhooks = new Map((await webhooks.list()).map((webhook) => [webhook.domainId, webhook]));
    for (const event of events) {
      this.#leased += 1;
      // One that is given up is not tried, so it need not wait.
      const count = mustGiveUp(event.crashes, DELIVERY.crashes.initial) ? 0 : (event.crashes?.count ?? 0);
      this.#suspects.add({ event, until: now + LEASE }, count);
    }
    this.#startNext();
    return 0;
  }

  /** Passes on the events that may be reported now. Called at each poll, since some wait for a time. */
  #startNext(): void {
    if (this.#stopping.signal.aborted) return;
    for (const held of this.#suspects.next(this.#now())) this.#domainOf(held.event.domainId).add(held);
  }

  /** Corrects what is due too late if the clock was put back. */
  async #capDue(): Promise<void> {
    if (this.#clock.wasPutBack()) {
      this.#toCap = true;
      // Until when an endpoint is left alone was computed from the wrong time.
      for (const domain of this.#domains.values()) domain.forget();
    }
    if (!this.#toCap) return;
    const events = await this.#store.webhooks.capEvents({ now: this.#now(), longest: LONGEST_GAP });
    this.#toCap = false;
    if (events > 0) this.#options.observer?.onCapped?.(events);
  }

  #domainOf(domainId: number): DomainEvents {
    for (const [id, domain] of this.#domains) {
      if (id !== domainId && domain.idle(this.#now())) this.#domains.delete(id);
    }
    const known = this.#domains.get(domainId);
    if (known !== undefined) return known;
    const domain: DomainEvents = new DomainEvents(CONCURRENCY, (held) => {
      const work = this.#handle(held, domain)
        // If it fails, the lease runs out, and the event comes again.
        .catch((error: unknown) => {
          if (!(error instanceof Stopped)) this.#failed(error);
        })
        .finally(() => {
          this.#leased -= 1;
          this.#work.delete(work);
          this.#suspects.ended(held);
          if (!this.#suspects.isEmpty) this.#startNext();
          // A poll of the store takes a transaction, so one poll should bring several events.
          if (this.#more && domain.waiting < PER_DOMAIN / 2) this.#wake.abort();
        });
      this.#work.add(work);
      return work;
    });
    this.#domains.set(domainId, domain);
    return domain;
  }

  async #handle({ event, until }: LeasedEvent, domain: DomainEvents): Promise<void> {
    const now = this.#now();
    if (this.#stopping.signal.aborted || now + this.#deadline > until) return;
    const { webhooks } = this.#store;
    const webhook = this.#webhooks.get(event.domainId);
    if (webhook === undefined || webhook.off !== null) return webhooks.endEvent(event.event);
    // A person who asked for the call waits for its result, also while the endpoint is left alone.
    const quietUntil =
      event.hastened === true ? 0 : Math.min(domain.quietUntil(webhook.url), now + LONGEST_GAP);
    if (quietUntil > now) return webhooks.deferEvent(event.event, quietUntil);
    if (mustGiveUp(event.crashes, DELIVERY.crashes.initial)) {
      this.#options.observer?.onCrashes?.(webhook, event);
      return webhooks.endEvent(event.event);
    }
    const result = await this.#begin(event, webhook);
    const { reason } = result;
    // Before the event is gone: the store keeps what it says with the call.
    if (reason === null || !this.#abort.signal.aborted) await this.#record(event, result);
    if (reason === null) {
      domain.forget();
      return webhooks.endEvent(event.event);
    }
    if (!this.#abort.signal.aborted) await this.#fail(event, webhook, domain, reason);
  }

  /** Keeps the call for those who look at the webhook. If that fails, the event goes on all the same. */
  async #record(event: WebhookEvent, { reason, said, status, start }: CallResult): Promise<void> {
    if (start === null) return;
    const { domainId, name, message, attempts } = event;
    const at = Math.round(this.#now());
    const outcome = reason === null ? 'delivered' : attempts >= RETRIES ? 'gave-up' : 'failed';
    const call = {
      event: event.event,
      domainId,
      name,
      message,
      at,
      duration: Math.max(0, Math.round(at - start)),
    };
    const made = { ...call, status, outcome, problem: reason } as const;
    this.#options.observer?.onCalled?.(made);
    try {
      // The log has no words of the remote server; the person who looks at the call needs them.
      await this.#store.webhookCalls.record(
        reason === null || said === undefined ? made : { ...made, problem: `${reason}: ${said}` },
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Records that an attempt begins, and makes it. */
  async #begin(event: WebhookEvent, webhook: Webhook): Promise<CallResult> {
    const { webhooks } = this.#store;
    await webhooks.beginEvent(event.event);
    // If the server dies after a suspect has been under way for a while, that must not count as its trial.
    const trial = isOnTrial(event.crashes?.count ?? 0, DELIVERY.crashes.initial)
      ? setTimeout(
          () => void webhooks.lastsEvent(event.event).catch(() => undefined),
          DELIVERY.suspectTrial.initial,
        ).unref()
      : undefined;
    try {
      return await this.#caller.call(event, webhook);
    } finally {
      clearTimeout(trial);
    }
  }

  async #fail(event: WebhookEvent, webhook: Webhook, domain: DomainEvents, reason: string): Promise<void> {
    const { webhooks } = this.#store;
    const { observer, gap = (attempts: number) => gapAfter(attempts, Math.random()) } = this.#options;
    const now = this.#now();
    const cleared = domain.clear();
    // What a person asked for is called all the same, and its result shown.
    for (const held of cleared) if (held.event.hastened === true) domain.add(held);
    const waiting = cleared.filter((held) => held.event.hastened !== true);
    this.#leased -= waiting.length;
    for (const held of waiting) this.#suspects.ended(held);
    // Another event of the domain may have been the last one before the webhook was switched off.
    if (!this.#webhooks.has(webhook.domainId)) return webhooks.endEvent(event.event);
    if (event.attempts >= RETRIES) {
      this.#webhooks.delete(webhook.domainId);
      domain.forget();
      await webhooks.switchOff(webhook.domainId, reason, now);
      observer?.onSwitchedOff?.(webhook, reason);
      return;
    }
    observer?.onFailed?.(webhook, event, reason);
    const again = now + gap(event.attempts);
    domain.quiet(webhook.url, again);
    for (const held of [{ event }, ...waiting]) await webhooks.deferEvent(held.event.event, again);
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.observer?.onError?.(error);
    this.#failing = true;
  }
}
