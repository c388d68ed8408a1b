import { setMaxListeners } from 'node:events';

/** A connection that a pool keeps. */
export interface Pooled {
  /** Whether another message may go over the connection. */
  readonly usable: boolean;
  /** Resolves when the connection is closed. */
  readonly ended: Promise<void>;
  /** Sends QUIT and closes. */
  quit(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Opens a connection. */
type Opener<Connection extends Pooled> = (signal: AbortSignal) => Promise<Connection>;

/**
 * A pool of connections to one destination. It limits how many are open at one time, and keeps idle ones for a while.
 */
export class Pool<Connection extends Pooled> {
  /** All open connections; `#idle` has the idle ones among them, in the order in which they became idle, and when. */
  readonly #connections = new Set<Connection>();
  readonly #idle = new Map<Connection, number>();
  /** One for all: to start one for each message and to stop it took 1.6 % of the event loop's thread. */
  #timer: NodeJS.Timeout | null = null;
  #opening = 0;
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();

  /**
   * @param size largest number of connections, or what returns it at the moment
   * @param idleTimeout how long an idle connection is kept, in milliseconds
   */
  constructor(
    private readonly size: number | (() => number),
    private readonly idleTimeout: number,
  ) {
    // Every connection that is being opened listens to this signal, so their number is not a sign of a leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Whether there is no connection, and no call waits for one. */
  get empty(): boolean {
    return this.#connections.size + this.#opening + this.#waiting.size === 0;
  }

  /**
   * Returns a connection for one message: the idle one that was used last, or a new one. If the pool is full, waits
   * until a connection is free. The caller gives it back with {@link release}.
   *
   * @param isSuitable says whether an idle connection may be used; if the pool is full, it closes an idle one that may not
   * @throws what `opener` throws, or the reason of the signal
   */
  async acquire(
    opener: Opener<Connection>,
    signal: AbortSignal,
    isSuitable: (connection: Connection) => boolean = () => true,
  ): Promise<Connection> {
    for (;;) {
      signal.throwIfAborted();
      this.#stop.signal.throwIfAborted();
      const kept = [...this.#idle.keys()].filter(isSuitable).at(-1);
      if (kept !== undefined) {
        this.#take(kept);
        return kept;
      }
      const size = typeof this.size === 'number' ? this.size : this.size();
      for (const idle of this.#idle.keys()) {
        if (this.#connections.size + this.#opening < size) break;
        this.#remove(idle);
      }
      if (this.#connections.size + this.#opening < size) return this.#openNew(opener, signal);
      await this.#waitForRoom(signal);
    }
  }

  /** Takes a connection back. */
  release(connection: Connection): void {
    if (connection.usable && !this.#stop.signal.aborted) {
      this.#idle.set(connection, performance.now());
      this.#closeIdleIn(this.idleTimeout);
    } else {
      this.#remove(connection);
    }
    this.#wake();
  }

  /** Closes the idle connections. */
  drop(): void {
    for (const connection of [...this.#idle.keys()]) this.#remove(connection);
  }

  /** Closes all connections; those in use at once. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the transport is closed'));
    const connections = [...this.#connections];
    this.drop();
    for (const connection of this.#connections) connection.destroy();
    for (const go of this.#waiting) go();
    await Promise.all(connections.map(({ ended }) => ended));
  }

  async #openNew(opener: Opener<Connection>, signal: AbortSignal): Promise<Connection> {
    this.#opening += 1;
    try {
      const connection = await opener(AbortSignal.any([signal, this.#stop.signal]));
      this.#connections.add(connection);
      void connection.ended.then(() => {
        this.#take(connection);
        this.#connections.delete(connection);
        this.#wake();
      });
      return connection;
    } finally {
      this.#opening -= 1;
      this.#wake();
    }
  }

  #take(connection: Connection): void {
    this.#idle.delete(connection);
  }

  #closeIdleIn(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#closeIdle(performance.now());
    }, milliseconds).unref();
  }

  /** Closes the connections that have been idle for long enough. Timers may be a millisecond early. */
  #closeIdle(now: number): void {
    for (const [connection, since] of this.#idle) {
      const left = since + this.idleTimeout - now;
      if (left >= 1) {
        this.#closeIdleIn(left);
        return;
      }
      this.#remove(connection);
    }
  }

  #remove(connection: Connection): void {
    this.#take(connection);
    this.#connections.delete(connection);
    connection.quit();
  }

  /** Resolves when a connection may be free, or when the signal is aborted. */
  #waitForRoom(signal: AbortSignal): Promise<void> {
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

  /** Wakes the call that has waited longest, so that it tries again. */
  #wake(): void {
    const [go] = this.#waiting;
    go?.();
  }
}
