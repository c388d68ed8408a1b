import type { WebhookEvent } from '../../store/webhooks.js';

/** An event, and until when it may be held. */
export interface Held {
  readonly event: WebhookEvent;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** The events of one domain that are in hand, and how its endpoint does. */
export class Lane {
  readonly #waiting: Held[] = [];
  #running = 0;
  #quiet: { readonly url: string; readonly until: number } | null = null;

  /**
   * @param width events that are told at the same time
   * @param work must not reject
   */
  constructor(
    private readonly width: number,
    private readonly work: (held: Held) => Promise<void>,
  ) {}

  /** True where nothing of it need be remembered. */
  idle(now: number): boolean {
    return this.#running === 0 && this.#waiting.length === 0 && (this.#quiet?.until ?? 0) <= now;
  }

  /** Events that have not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(held: Held): void {
    this.#waiting.push(held);
    this.#start();
  }

  /** Takes out what has not begun. */
  clear(): Held[] {
    return this.#waiting.splice(0);
  }

  /** The endpoint failed, and is not to be asked before this time. */
  quiet(url: string, until: number): void {
    this.#quiet = { url, until };
  }

  /** Until when this endpoint is not to be asked; 0 where it may be. Another one has not failed yet. */
  quietUntil(url: string): number {
    return this.#quiet?.url === url ? this.#quiet.until : 0;
  }

  /** The endpoint works, or is given up. */
  forget(): void {
    this.#quiet = null;
  }

  #start(): void {
    while (this.#running < this.width) {
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
