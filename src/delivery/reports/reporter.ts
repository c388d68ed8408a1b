import { StoreError, type Store } from '../../store/port.js';
import { pause } from '../../base/sleep.js';
import { expiryOf, type RetryPolicy } from '../queue/schedule.js';
import { StoreGaps } from '../queue/store-backoff.js';
import { compose } from './compose.js';
import { noticesOf, type Notice } from './notice.js';
import { comesBackWhole, readReturned } from './returned.js';

/** What senders are told is told here, for the log. None of these may throw. */
export interface ReportsObserver {
  /** A notification is on the queue. */
  onReported?(notice: Notice, id: number): void;
  /** The store failed, told once until it works again; or a notification could not be made, and is not. */
  onFault?(what: string, error: unknown): void;
}

export interface ReportsOptions {
  /** Of this server: who the notifications are from. */
  readonly hostname: string;
  /** How long messages are tried: what a notice of delay says. */
  readonly retry: RetryPolicy;
  readonly observer?: ReportsObserver;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/** Tells senders what they are owed, until it is closed. */
export interface Reports {
  /** Something may be owed. */
  wake(): void;
  /** Ends with the notification in hand; what is owed then stays so. May be repeated. */
  close(): Promise<void>;
}

type ReportsStore = Pick<Store, 'queue' | 'open' | 'message' | 'content'>;

/** Begins to pay what is owed: what a server before this one left, too. */
export function startReports(store: ReportsStore, options: ReportsOptions): Reports {
  const reporter = new Reporter(store, options);
  const done = reporter.run();
  return {
    wake: () => {
      reporter.wake();
    },
    close: () => {
      reporter.stop();
      return done;
    },
  };
}

/** Messages looked at in one go. */
const BATCH = 20;
/** How often it is looked at what is owed without anybody's call, in milliseconds. */
const LOOK_EVERY = 60_000;

/**
 * Makes messages of what is owed, and puts them on the queue. To store a notification and to strike off what it
 * pays is one transaction, so that a crash at any point leaves it owed or paid, and nothing in between.
 */
class Reporter {
  readonly #now: () => number;
  readonly #stopped = new AbortController();
  #nap = new AbortController();
  #woken = false;

  constructor(
    private readonly store: ReportsStore,
    private readonly options: ReportsOptions,
  ) {
    this.#now = options.now ?? Date.now;
  }

  wake(): void {
    this.#woken = true;
    this.#nap.abort();
  }

  stop(): void {
    this.#stopped.abort();
    this.#nap.abort();
  }

  async run(): Promise<void> {
    const gaps = new StoreGaps();
    while (!this.#stopped.signal.aborted) {
      this.#woken = false;
      try {
        // While there was something, there may be more.
        if (await this.#payAll()) continue;
        gaps.over();
        await this.#sleep(LOOK_EVERY);
      } catch (error) {
        if (error instanceof StoreError && error.code === 'closed') return;
        if (!gaps.failing) {
          this.options.observer?.onFault?.('the store fails, and senders wait for notifications', error);
        }
        await gaps.wait(this.#stopped.signal);
      }
    }
  }

  /** True where something was paid. */
  async #payAll(): Promise<boolean> {
    let paid = false;
    for (const report of await this.store.queue.owedReports(BATCH)) {
      for (const notice of noticesOf(report)) {
        if (this.#stopped.signal.aborted) return false;
        if (await this.#pay(notice)) paid = true;
      }
    }
    return paid;
  }

  /**
   * True where it is paid, or dropped; false where it is owed no longer.
   *
   * @throws StoreError
   */
  async #pay(notice: Notice): Promise<boolean> {
    const { observer } = this.options;
    try {
      const id = await this.#store(notice);
      if (id !== null) observer?.onReported?.(notice, id);
      return id !== null;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      // It cannot be made, and will never be: let it not stand in the way of all others.
      observer?.onFault?.(`no notification could be made of message ${notice.report.id}`, error);
      await this.store.queue.dropReports(fulfilmentOf(notice));
      return true;
    }
  }

  async #store(notice: Notice): Promise<number | null> {
    const { report } = notice;
    const message = await this.store.message(report.id);
    const whole = message !== null && comesBackWhole(notice, message.size);
    const now = this.#now();
    const composed = await compose({
      notice,
      hostname: this.options.hostname,
      subject: message?.subject ?? null,
      returned: await readReturned(this.store.content(report.id), whole),
      now,
      retryUntil: this.#retryUntil(notice),
    });
    const draft = this.store.open();
    // It is asked to wait for the budget of the store, as everybody who brings octets.
    await draft.write(composed.octets);
    try {
      await draft.commit({
        domainId: report.domain.id,
        // RFC 3464 2: so that no notification is ever sent of one that fails.
        reversePath: '',
        recipients: [{ forwardPath: report.reversePath, notify: [] }],
        from: composed.from,
        subject: composed.subject,
        // It takes the way that its message took.
        tags: message?.tags ?? [],
        listUnsubscribe: null,
        messageId: composed.messageId,
        receivedAt: now,
        tls: null,
        clientAddress: '127.0.0.1',
        status: 'queued',
        terms: {
          // RFC 6710 4.6 and RFC 8689 5: it goes as its message was to go.
          priority: report.terms.priority,
          requireTls: report.terms.requireTls,
          body: composed.isEightBit ? '8BITMIME' : '7BIT',
          smtputf8: composed.utf8,
        },
        fulfils: fulfilmentOf(notice),
      });
    } catch (error) {
      if (error instanceof StoreError && error.code === 'fulfilled') return null;
      throw error;
    }
    return draft.id;
  }

  #retryUntil({ report }: Notice): number {
    const expiry = expiryOf(this.options.retry, report);
    const { deliverBy } = report.terms;
    return deliverBy?.otherwise === 'return' ? Math.min(expiry, deliverBy.time) : expiry;
  }

  async #sleep(milliseconds: number): Promise<void> {
    this.#nap = new AbortController();
    if (!this.#woken && !this.#stopped.signal.aborted) await pause(milliseconds, this.#nap.signal);
  }
}

function fulfilmentOf({ report, recipients }: Notice): Parameters<Store['queue']['dropReports']>[0] {
  return {
    id: report.id,
    recipients: recipients.map(({ position, report: kind }) => ({ position, report: kind })),
  };
}
