import { setMaxListeners } from 'node:events';
import type { SecureContextOptions } from 'node:tls';
import type { Store } from '../../store/port.js';
import type { Webhook, WebhookEvent } from '../../store/webhooks.js';
import { Client, NoAnswer } from '../transports/https/client.js';
import { pause } from '../../base/sleep.js';
import { ContentWorkers, Stopped } from '../workers/workers.js';
import { publicLookup } from './addresses.js';
import { MAX_READ, eventBody } from './body.js';
import { type Held, Lane } from './lane.js';
import { DELIVERY } from '../limits.js';
import { RETRIES, gapAfter } from './schedule.js';
import { parseWebhookUrl } from './url.js';

/** What happens, for the log. */
export interface WebhookObserver {
  /** A webhook was switched off; its untold events are dropped. */
  readonly onSwitchedOff?: (webhook: Webhook, reason: string) => void;
  /** An event was not told; it will be tried again. */
  readonly onFailed?: (webhook: Webhook, event: WebhookEvent, reason: string) => void;
  /** The server died so often while it reported an event that this one is dropped. */
  readonly onCrashes?: (webhook: Webhook, event: WebhookEvent) => void;
  /** The store failed; once until it works again. */
  readonly onError?: (error: unknown) => void;
}

export interface WebhookOptions {
  /** Allows endpoints at any address, and `http:`. Default: public addresses and `https:` alone. */
  readonly allowPrivate?: boolean;
  readonly observer?: WebhookObserver;
  /** Authorities to trust, PEM. Default: those of Node. */
  readonly ca?: SecureContextOptions['ca'];
  /** Milliseconds for one request and its answer. Default: 10 seconds. */
  readonly deadline?: number;
  /** Milliseconds before an event is told again; see {@link gapAfter}, the default. */
  readonly gap?: (attempts: number) => number;
  /** Milliseconds between looks at the store. Default: 1 second. */
  readonly poll?: number;
  /** Milliseconds between looks at a store that fails. Default: 5 seconds. */
  readonly failureGap?: number;
  /** Milliseconds that requests under way have left when it ends. Default: 3 seconds. */
  readonly stopGrace?: number;
  /** Where messages are taken apart. Default: workers of its own, with the default limits. */
  readonly workers?: ContentWorkers;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Events of one domain that are told at the same time. */
const WIDTH = 2;
/** Events in hand, of all domains: small ones, whose messages are read when their turn comes. */
const IN_HAND = 1000;
/** Events taken at once. */
const PORTION = 64;
/** Events in hand of one domain: if its endpoint is slow, most of what is in hand is still of other domains. */
const PER_DOMAIN = 32;
/** Milliseconds that an event is held; one whose turn has not come by then is taken again later. */
const LEASE = 120_000;
/** Octets of an answer: nobody reads it. */
const MAX_ANSWER = 64 * 1024;
/** Milliseconds between looks at a store that says that something is due and does not give it. */
const LEAST_GAP = 200;

type Told = Pick<Store, 'webhooks' | 'message' | 'content'>;

/** Tells the events of the store's outbox from now on. `close` ends it, before the store is closed. */
export function startWebhooks(store: Told, options: WebhookOptions = {}): { close(): Promise<void> } {
  const teller = new Teller(store, options);
  const done = teller.run();
  return { close: () => teller.stop(done) };
}

/**
 * Takes events that are due and tells each to the webhook of its domain, at least once. Domains do not wait
 * for each other: each has a lane of its own, and what waits for an endpoint that fails goes back to the store
 * until that is asked again.
 */
class Teller {
  readonly #store: Told;
  readonly #options: WebhookOptions;
  readonly #client: Client;
  readonly #workers: ContentWorkers;
  /** The workers, if they are its own. */
  readonly #own: ContentWorkers | null;
  readonly #now: () => number;
  readonly #deadline: number;
  readonly #lanes = new Map<number, Lane>();
  readonly #stopping = new AbortController();
  readonly #abort = new AbortController();
  #webhooks = new Map<number, Webhook>();
  readonly #work = new Set<Promise<void>>();
  #inHand = 0;
  /** More may be due than was leased. */
  #more = false;
  /** Ends the pause between two looks at the store. */
  #wake = new AbortController();
  /** Events that were under way when the server died are reported one after the other: the end of the last one. */
  #suspect: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(store: Told, options: WebhookOptions) {
    const { allowPrivate = false, deadline = 10_000, now = Date.now, ca } = options;
    this.#store = store;
    // Every request under way listens to it.
    setMaxListeners(0, this.#abort.signal, this.#stopping.signal);
    this.#options = options;
    this.#own = options.workers === undefined ? new ContentWorkers() : null;
    this.#workers = options.workers ?? (this.#own as ContentWorkers);
    this.#now = now;
    this.#deadline = deadline;
    this.#client = new Client({
      deadline,
      idle: deadline,
      answerSize: MAX_ANSWER,
      // Lanes bound them.
      connections: Infinity,
      keepAlive: false,
      ...(allowPrivate ? {} : { lookup: publicLookup() }),
      ...(ca === undefined ? {} : { ca }),
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
    // What has not begun stays in the store.
    for (const lane of this.#lanes.values()) lane.clear();
    const over = new AbortController();
    const finished = Promise.allSettled([...this.#work]).then(() => over.abort());
    await pause(this.#options.stopGrace ?? 3_000, over.signal);
    this.#abort.abort();
    await finished;
    this.#own?.close();
    this.#client.close();
  }

  /** Takes what is due and fits. Returns how long there is nothing to do, in milliseconds. */
  async #take(): Promise<number> {
    const { webhooks } = this.#store;
    const poll = this.#options.poll ?? 1_000;
    const limit = Math.min(PORTION, IN_HAND - this.#inHand);
    if (limit === 0) return poll;
    const now = this.#now();
    const perDomain = Math.min(PER_DOMAIN, Math.ceil(IN_HAND / (this.#lanes.size + 1)));
    const events = await webhooks.leaseEvents({ now, until: now + LEASE, limit, perDomain });
    if (events.length === 0) {
      const due = await webhooks.nextEventDue();
      this.#more = due !== null && due <= this.#now();
      return due === null ? poll : Math.min(poll, Math.max(LEAST_GAP, due - this.#now()));
    }
    this.#webhooks = new Map((await webhooks.list()).map((webhook) => [webhook.domainId, webhook]));
    for (const event of events) {
      this.#inHand += 1;
      this.#laneOf(event.domainId).add({ event, until: now + LEASE });
    }
    return 0;
  }

  #laneOf(domainId: number): Lane {
    for (const [id, lane] of this.#lanes) {
      if (id !== domainId && lane.idle(this.#now())) this.#lanes.delete(id);
    }
    const known = this.#lanes.get(domainId);
    if (known !== undefined) return known;
    const lane: Lane = new Lane(WIDTH, (held) => {
      const work = this.#handle(held, lane)
        // Its lease runs out, and it comes again.
        .catch((error: unknown) => {
          if (!(error instanceof Stopped)) this.#failed(error);
        })
        .finally(() => {
          this.#inHand -= 1;
          this.#work.delete(work);
          // A look at the store takes a transaction: one for several events.
          if (this.#more && lane.waiting < PER_DOMAIN / 2) this.#wake.abort();
        });
      this.#work.add(work);
      return work;
    });
    this.#lanes.set(domainId, lane);
    return lane;
  }

  async #handle({ event, until }: Held, lane: Lane): Promise<void> {
    const now = this.#now();
    if (this.#stopping.signal.aborted || now + this.#deadline > until) return;
    const { webhooks } = this.#store;
    const webhook = this.#webhooks.get(event.domainId);
    if (webhook === undefined || webhook.off !== null) return webhooks.endEvent(event.event);
    const quietUntil = lane.quietUntil(webhook.url);
    if (quietUntil > now) return webhooks.deferEvent(event.event, quietUntil);
    if (event.crashes >= DELIVERY.crashes.initial) {
      this.#options.observer?.onCrashes?.(webhook, event);
      return webhooks.endEvent(event.event);
    }
    const reason =
      event.crashes === 0 ? await this.#begin(event, webhook) : await this.#suspected(event, webhook, until);
    if (reason === undefined) return;
    if (reason === null) {
      lane.forget();
      return webhooks.endEvent(event.event);
    }
    if (!this.#abort.signal.aborted) await this.#fail(event, webhook, lane, reason);
  }

  /** Puts on record that an attempt begins, and makes it. */
  async #begin(event: WebhookEvent, webhook: Webhook): Promise<string | null> {
    await this.#store.webhooks.beginEvent(event.event);
    return this.#tell(event, webhook);
  }

  /**
   * As {@link #begin} for an event that was under way when the server died: one at a time, so that a further crash
   * counts for one of them. Returns undefined if its lease ran out meanwhile: then it comes again.
   */
  async #suspected(event: WebhookEvent, webhook: Webhook, until: number): Promise<string | null | undefined> {
    const turn = this.#suspect;
    let done = (): void => undefined;
    this.#suspect = new Promise((resolve) => (done = resolve));
    try {
      await turn;
      if (this.#stopping.signal.aborted || this.#now() + this.#deadline > until) return undefined;
      return await this.#begin(event, webhook);
    } finally {
      done();
    }
  }

  /** Returns why it could not be told, or null. */
  async #tell(event: WebhookEvent, webhook: Webhook): Promise<string | null> {
    const url = parseWebhookUrl(webhook.url, this.#options.allowPrivate === true);
    if (typeof url === 'string') return url;
    const message = await this.#store.message(event.message);
    // Removed meanwhile: there is nothing to tell.
    if (message === null) return null;
    return this.#workers.room.hold(event.domainId, Math.min(message.size, MAX_READ), async () => {
      if (this.#stopping.signal.aborted) throw new Stopped();
      // A stop gives a request under way some time, but does not wait for a body to be made.
      const { signal } = this.#stopping;
      const content = (): AsyncIterable<Uint8Array> => this.#store.content(event.message);
      const { pieces, signature } = await eventBody(
        this.#workers,
        event,
        message,
        webhook.keys,
        content,
        signal,
      );
      const headers = {
        accept: '*/*',
        'content-type': 'application/json',
        'user-agent': 'Postern',
        'webhook-id': String(event.event),
        'x-mailpace-signature': signature,
      };
      return this.#post(url, headers, pieces);
    });
  }

  async #post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: readonly Uint8Array[],
  ): Promise<string | null> {
    try {
      const { status } = await this.#client.post(url, headers, body, this.#abort.signal);
      return status >= 200 && status < 300 ? null : `the answer was ${status}`;
    } catch (error) {
      if (error instanceof NoAnswer) return error.message;
      throw error;
    }
  }

  async #fail(event: WebhookEvent, webhook: Webhook, lane: Lane, reason: string): Promise<void> {
    const { webhooks } = this.#store;
    const { observer, gap = (attempts: number) => gapAfter(attempts, Math.random()) } = this.#options;
    const now = this.#now();
    const waiting = lane.clear();
    this.#inHand -= waiting.length;
    // Another event of it may have been the last straw already.
    if (!this.#webhooks.has(webhook.domainId)) return webhooks.endEvent(event.event);
    if (event.attempts >= RETRIES) {
      this.#webhooks.delete(webhook.domainId);
      lane.forget();
      await webhooks.switchOff(webhook.domainId, reason, now);
      observer?.onSwitchedOff?.(webhook, reason);
      return;
    }
    observer?.onFailed?.(webhook, event, reason);
    const again = now + gap(event.attempts);
    lane.quiet(webhook.url, again);
    for (const held of [{ event }, ...waiting]) await webhooks.deferEvent(held.event.event, again);
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.observer?.onError?.(error);
    this.#failing = true;
  }
}
