import { setMaxListeners } from 'node:events';
import type { Session } from './session.js';

/** Opens a connection. */
export type Opener = (signal: AbortSignal) => Promise<Session>;

/** Connections to one far side: so many at one time, kept while they have nothing to do. */
export class Pool {
  /** All that are open, and how those that have nothing to do will end. */
  readonly #sessions = new Set<Session>();
  readonly #idle = new Map<Session, NodeJS.Timeout>();
  #opening = 0;
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();

  /**
   * @param size connections at most
   * @param patience how long one is kept that has nothing to do, in milliseconds
   */
  constructor(
    private readonly size: number,
    private readonly patience: number,
  ) {
    // Every connection that is being opened listens to it.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Nobody uses it, and it holds nothing. */
  get empty(): boolean {
    return this.#sessions.size + this.#opening + this.#waiting.size === 0;
  }

  /**
   * A connection to send one message over: the one that was used last, or a new one, once there may be one.
   * Give it back by {@link release}.
   *
   * @param fresh gives up those that have nothing to do, for a new one
   * @throws what `opener` throws, or the reason of the signal
   */
  async acquire(opener: Opener, signal: AbortSignal, fresh = false): Promise<Session> {
    if (fresh) this.drop();
    for (;;) {
      signal.throwIfAborted();
      this.#stop.signal.throwIfAborted();
      const kept = [...this.#idle.keys()].at(-1);
      if (kept !== undefined) {
        this.#take(kept);
        return kept;
      }
      if (this.#sessions.size + this.#opening < this.size) return this.#enter(opener, signal);
      await this.#turn(signal);
    }
  }

  /** Takes a connection back. */
  release(session: Session): void {
    if (session.usable && !this.#stop.signal.aborted) {
      this.#idle.set(session, setTimeout(() => this.#leave(session), this.patience).unref());
    } else {
      this.#leave(session);
    }
    this.#wake();
  }

  /** Ends the connections that have nothing to do. */
  drop(): void {
    for (const session of [...this.#idle.keys()]) this.#leave(session);
  }

  /** Ends all connections, those in use at once. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the transport is closed'));
    const sessions = [...this.#sessions];
    this.drop();
    for (const session of this.#sessions) session.destroy();
    for (const go of this.#waiting) go();
    await Promise.all(sessions.map(({ ended }) => ended));
  }

  async #enter(opener: Opener, signal: AbortSignal): Promise<Session> {
    this.#opening += 1;
    try {
      const session = await opener(AbortSignal.any([signal, this.#stop.signal]));
      this.#sessions.add(session);
      void session.ended.then(() => {
        this.#take(session);
        this.#sessions.delete(session);
        this.#wake();
      });
      return session;
    } finally {
      this.#opening -= 1;
      this.#wake();
    }
  }

  #take(session: Session): void {
    clearTimeout(this.#idle.get(session));
    this.#idle.delete(session);
  }

  #leave(session: Session): void {
    this.#take(session);
    this.#sessions.delete(session);
    session.quit();
  }

  /** Until there may be room. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', go, { once: true });
    });
  }

  /** Lets the one that has waited longest look again. */
  #wake(): void {
    const [go] = this.#waiting;
    go?.();
  }
}
