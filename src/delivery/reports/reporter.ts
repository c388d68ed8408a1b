import { type MessageId, StoreError, type Store } from '../../store/port.js';
import { pause } from '../../base/sleep.js';
import { expiryOf, type RetryPolicy } from '../queue/schedule.js';
import { StoreBackoff } from '../queue/store-backoff.js';
import { compose } from './compose.js';
import { noticesOf, type NotificationFacts } from './notice.js';
import { type Returned, returnsWhole, readReturned } from './returned.js';

/** Receives what happens to notifications, for the log. None of these methods may throw. */
export interface ReportsObserver {
  /** Called when a notification is on the queue. */
  onReported?(notice: NotificationFacts, id: number): void;
  /**
   * Called when the store fails, once until it works again; and if a notification could not be made and was dropped.
   */
  onFault?(what: string, error: unknown): void;
}

export interface ReportsOptions {
  /** The name of this server, from which notifications come. */
  readonly hostname: string;
  /** How long messages are tried, for the text of a notice of delay. */
  readonly retry: RetryPolicy;
  readonly observer?: ReportsObserver;
  /** Returns milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
}

/** Sends notifications to senders until it is closed. */
export interface Reports {
  /** Called when a notification may be due. */
  wake(): void;
  /** Stops after the notification in progress. Further notifications stay due. May be called more than once. */
  close(): Promise<void>;
}

type ReportsStore = Pick<Store, 'queue' | 'open' | 'message' | 'content'>;

/** Starts to send the notifications that are due, also those that are left from before a restart. */
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

/** Number of messages that are read at one time. */
const BATCH = 20;
/** How often it looks for due notifications without a call of {@link Reports.wake}, in milliseconds. */
const CHECK_INTERVAL = 60_000;

/**
 * Makes messages of the notifications that are due, and puts them on the queue. One transaction stores a notification
 * and marks it as done. So after a crash at any point it is either due or stored, and never both or neither.
 */
class Reporter {
  readonly #now: () => number;
  readonly #stopped = new AbortController();
  #sleepAbort = new AbortController();
  #woken = false;

  constructor(
    private readonly store: ReportsStore,
    private readonly options: ReportsOptions,
  ) {
    this.#now = options.now ?? Date.now;
  }

  wake(): void {
    this.#woken = true;
    this.#sleepAbort.abort();
  }

  stop(): void {
    this.#stopped.abort();
    this.#sleepAbort.abort();
  }

  async run(): Promise<void> {
    const gaps = new StoreBackoff();
    while (!this.#stopped.signal.aborted) {
      this.#woken = false;
      try {
        // If there were notifications, there may be more.
        if (await this.#sendDue()) continue;
        gaps.over();
        await this.#sleep(CHECK_INTERVAL);
      } catch (error) {
        if (error instanceof StoreError && error.code === 'closed') return;
        if (!gaps.failing) {
          this.options.observer?.onFault?.('the store fails, and senders wait for notifications', error);
        }
        await gaps.wait(this.#stopped.signal);
      }
    }
  }

  /** Returns whether at least one notification was stored or dropped. */
  async #sendDue(): Promise<boolean> {
    let sent = false;
    for (const report of await this.store.queue.owedReports(BATCH)) {
      for (const notice of noticesOf(report)) {
        if (this.#stopped.signal.aborted) return false;
        if (await this.#sendOrDrop(notice)) sent = true;
      }
    }
    return sent;
  }

  /**
   * Returns true if the notification was stored or dropped, false if it is no longer due.
   *
   * @throws StoreError
   */
  async #sendOrDrop(notice: NotificationFacts): Promise<boolean> {
    const { observer } = this.options;
    try {
      const id = await this.#store(notice);
      if (id !== null) observer?.onReported?.(notice, id);
      return id !== null;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      // This notification can never be made. It is dropped, so that it does not hold up all others.
      observer?.onFault?.(`no notification could be made of message ${notice.report.id}`, error);
      await this.store.queue.dropReports(fulfilmentOf(notice));
      return true;
    }
  }

  async #store(notice: NotificationFacts): Promise<number | null> {
    const { report } = notice;
    const message = await this.store.message(report.id);
    const whole = message !== null && returnsWhole(notice, message);
    const now = this.#now();
    const composed = await compose({
      notice,
      hostname: this.options.hostname,
      subject: message?.subject ?? null,
      returned: await this.#returned(report.id, whole),
      now,
      retryUntil: this.#retryUntil(notice),
    });
    const draft = this.store.open();
    // It waits for the budget of the store, as all writers do.
    await draft.write(composed.octets);
    try {
      await draft.commit({
        domainId: report.domain.id,
        // RFC 3464 2: empty, so that no notification is sent if this one fails.
        reversePath: '',
        recipients: [{ forwardPath: report.reversePath, notify: [] }],
        from: composed.from,
        subject: composed.subject,
        // The notification takes the same route as its message.
        tags: message?.tags ?? [],
        listUnsubscribe: null,
        messageId: composed.messageId,
        receivedAt: now,
        tls: null,
        clientAddress: '127.0.0.1',
        status: 'queued',
        terms: {
          // RFC 6710 4.6 and RFC 8689 5: the same priority and the same requirement on TLS as the message.
          priority: report.terms.priority,
          requireTls: report.terms.requireTls,
          body: composed.isEightBit ? '8BITMIME' : '7BIT',
          smtputf8: composed.utf8,
        },
        needs: composed.needs,
        fulfils: fulfilmentOf(notice),
        origin: { way: 'report' },
      });
    } catch (error) {
      if (error instanceof StoreError && error.code === 'fulfilled') return null;
      throw error;
    }
    return draft.id;
  }

  /**
   * Reads the part of the message that is returned. If the store does not give it out, the notification goes without
   * it, so that the senders of other messages do not wait.
   */
  async #returned(id: MessageId, whole: boolean): Promise<Returned> {
    try {
      return await readReturned(this.store.content(id), whole);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'closed') throw error;
      this.options.observer?.onFault?.(`the notification of message ${id} returns no part of it`, error);
      return readReturned(NOTHING, whole);
    }
  }

  #retryUntil({ report }: NotificationFacts): number {
    const expiry = expiryOf(this.options.retry, report);
    const { deliverBy } = report.terms;
    return deliverBy?.otherwise === 'return' ? Math.min(expiry, deliverBy.time) : expiry;
  }

  async #sleep(milliseconds: number): Promise<void> {
    this.#sleepAbort = new AbortController();
    if (!this.#woken && !this.#stopped.signal.aborted) await pause(milliseconds, this.#sleepAbort.signal);
  }
}

const NOTHING: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {
    // A notification without a part of its message.
  },
};

function fulfilmentOf({
  report,
  recipients,
}: NotificationFacts): Parameters<Store['queue']['dropReports']>[0] {
  return {
    id: report.id,
    recipients: recipients.map(({ position, report: kind }) => ({ position, report: kind })),
  };
}
