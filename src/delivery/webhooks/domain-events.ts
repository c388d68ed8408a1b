import type { WebhookEvent } from '../../store/webhooks.js';

/** An event, and the time until which it may be held. */
export interface LeasedEvent {
  readonly event: WebhookEvent;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** The events of one domain that are leased, and the state of the domain's endpoint. */
export class DomainEvents {
  readonly #waiting: LeasedEvent[] = [];
  #running = 0;
  #quiet: { readonly url: string; readonly until: number } | null = null;

  /**
   * @param concurrency number of events that are reported at the same time
   * @param work must not reject
   */
  constructor(
    private readonly concurrency: number,
    private readonly work: (held: LeasedEvent) => Promise<void>,
  ) {}

  /** Returns true if the object holds no state and can be removed. */
  idle(now: number): boolean {
    return this.#running === 0 && this.#waiting.length === 0 && (this.#quiet?.until ?? 0) <= now;
  }

  /** Number of events that have not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(held: LeasedEvent): void {
    this.#waiting.push(held);
    this.#start();
  }

  /** Removes and returns the events that have not begun. */
  clear(): LeasedEvent[] {
    return this.#waiting.splice(0);
  }

  /** Records that the endpoint failed, and that no request goes to it before this time. */
  quiet(url: string, until: number): void {
    this.#quiet = { url, until };
  }

  /**
   * Returns the time before which this endpoint gets no request; 0 if it may get one. If the URL has changed, it is
   * another endpoint, which has not failed yet.
   */
  quietUntil(url: string): number {
    return this.#quiet?.url === url ? this.#quiet.until : 0;
  }

  /** Forgets the failure: the endpoint works, or its webhook is switched off. */
  forget(): void {
    this.#quiet = null;
  }

  #start(): void {
    while (this.#running < this.concurrency) {
      const held = this.#waiting.shift();
      if (held === undefined) return;
      this.#running += 1;
      void this.work(held).finally(() => {
        this.#running -= 1;
        this.#start();
      });
    }
  }
}
