import { setMaxListeners } from 'node:events';

/** A connection that a pool keeps. */
export interface Pooled {
  /** False once nothing can go over it. */
  readonly usable: boolean;
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
  /** Says QUIT, and closes. */
  quit(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Opens a connection. */
export type Opener<Connection extends Pooled> = (signal: AbortSignal) => Promise<Connection>;

/** Connections to one destination: so many at one time, kept while they have nothing to do. */
export class Pool<Connection extends Pooled> {
  /** All that are open, and how those that have nothing to do will end. */
  readonly #connections = new Set<Connection>();
  readonly #idle = new Map<Connection, NodeJS.Timeout>();
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

  /** True if it has no connection, and nothing waits for one. */
  get empty(): boolean {
    return this.#connections.size + this.#opening + this.#waiting.size === 0;
  }

  /**
   * A connection to send one message over: the one that was used last, or a new one, once there may be one.
   * Give it back by {@link release}.
   *
   * @param suits which of those that have nothing to do may be used; others are closed if they are in the way
   * @throws what `opener` throws, or the reason of the signal
   */
  async acquire(
    opener: Opener<Connection>,
    signal: AbortSignal,
    suits: (connection: Connection) => boolean = () => true,
  ): Promise<Connection> {
    for (;;) {
      signal.throwIfAborted();
      this.#stop.signal.throwIfAborted();
      const kept = [...this.#idle.keys()].filter(suits).at(-1);
      if (kept !== undefined) {
        this.#take(kept);
        return kept;
      }
      const [idle] = this.#idle.keys();
      if (this.#connections.size + this.#opening >= this.size && idle !== undefined) this.#leave(idle);
      if (this.#connections.size + this.#opening < this.size) return this.#enter(opener, signal);
      await this.#turn(signal);
    }
  }

  /** Takes a connection back. */
  release(connection: Connection): void {
    if (connection.usable && !this.#stop.signal.aborted) {
      this.#idle.set(connection, setTimeout(() => this.#leave(connection), this.patience).unref());
    } else {
      this.#leave(connection);
    }
    this.#wake();
  }

  /** Ends the connections that have nothing to do. */
  drop(): void {
    for (const connection of [...this.#idle.keys()]) this.#leave(connection);
  }

  /** Ends all connections, those in use at once. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the transport is closed'));
    const connections = [...this.#connections];
    this.drop();
    for (const connection of this.#connections) connection.destroy();
    for (const go of this.#waiting) go();
    await Promise.all(connections.map(({ ended }) => ended));
  }

  async #enter(opener: Opener<Connection>, signal: AbortSignal): Promise<Connection> {
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
    clearTimeout(this.#idle.get(connection));
    this.#idle.delete(connection);
  }

  #leave(connection: Connection): void {
    this.#take(connection);
    this.#connections.delete(connection);
    connection.quit();
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
