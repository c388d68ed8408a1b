/** The connections of one store: opened when they are needed, and again after a failure. */
import { StoreError } from '../port.js';
import { type DatabaseAddress, placeOf } from './address.js';
import { type Answer, Connection, type Statement, type Values } from './connection.js';
import { isTooMany, mayBeRepeated, operationError } from './errors.js';
import { Hosts } from './hosts.js';

/** Connections of one store at most, beside the one that accepts messages. */
const MOST = 6;
/** Calls that wait for a connection at most; more are refused at once, so that memory stays bounded. */
const MOST_WAITING = 10_000;
/** How often a transaction is run again that lost against another one. */
const TRIES = 5;
/** After a failure to connect, calls fail at once for this time, in milliseconds. */
const PAUSE_MS = 500;

interface Waiting {
  readonly give: (connection: Connection | null) => void;
}

export class Connections {
  readonly #address: DatabaseAddress;
  readonly #hosts: Hosts;
  readonly #idle: Connection[] = [];
  readonly #waiting: Waiting[] = [];
  /** Connections that are idle, in use or being opened. */
  #count = 0;
  #notBefore = 0;
  #failure: StoreError | null = null;
  #closed = false;
  #drained: (() => void) | null = null;

  constructor(address: DatabaseAddress) {
    this.#address = address;
    this.#hosts = new Hosts(address.hosts);
  }

  /** The address without the password, for messages. */
  get place(): string {
    return placeOf(this.#address);
  }

  /** Opens a connection that is the caller's own. @throws StoreError */
  async open(): Promise<Connection> {
    if (this.#closed) throw new StoreError('closed', 'the store has been closed');
    if (this.#failure !== null && performance.now() < this.#notBefore) throw this.#failure;
    try {
      const connection = await this.#hosts.find(
        (host) => Connection.open(host, this.#address),
        (late) => {
          late.destroy();
        },
        mostTelling,
      );
      this.#failure = null;
      return connection;
    } catch (error) {
      this.#failure = operationError(error, this.place);
      this.#notBefore = performance.now() + PAUSE_MS;
      throw this.#failure;
    }
  }

  /**
   * Opens a connection for statements that write whole groups. Their plans are made for any values: one for the values of a
   * group is made anew each time, and reads whole tables if they were small when they were last analyzed.
   */
  async openForGroups(): Promise<Connection> {
    const connection = await this.open();
    await connection.exec('SET plan_cache_mode = force_generic_plan');
    return connection;
  }

  /** Runs one statement in a transaction of its own. @throws StoreError */
  run<Row>(statement: Statement, values: Values = []): Promise<Answer<Row>> {
    return this.with((connection) => connection.run<Row>(statement, values));
  }

  /**
   * Runs calls in one transaction, again if it lost against another one. The calls must not wait for anything but the
   * connection.
   *
   * @throws StoreError; nothing is written then, unless the connection was lost during the commit
   */
  async transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.with(async (connection) => {
          await connection.exec('BEGIN');
          try {
            const result = await work(connection);
            await connection.exec('COMMIT');
            return result;
          } catch (error) {
            if (!connection.isLost) await connection.exec('ROLLBACK').catch(() => connection.destroy());
            throw error;
          }
        });
      } catch (error) {
        const cause = error instanceof StoreError ? error.cause : error;
        if (tries === TRIES || !mayBeRepeated(cause)) throw error;
      }
    }
  }

  async with<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await work(connection);
    } catch (error) {
      throw operationError(error, this.place);
    } finally {
      this.#give(connection);
    }
  }

  /** Waits for the calls under way, and closes all connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) {
      this.#count--;
      void connection.close();
    }
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  async #take(): Promise<Connection> {
    for (;;) {
      if (this.#closed && this.#waiting.length === 0)
        throw new StoreError('closed', 'the store has been closed');
      const idle = this.#idle.pop();
      if (idle?.isLost === false) return idle;
      if (idle !== undefined) {
        this.#count--;
        continue;
      }
      if (this.#count < MOST) {
        const opened = await this.#openOne();
        if (opened !== null) return opened;
        if (this.#idle.length > 0 || this.#count === 0) continue;
      }
      if (this.#waiting.length >= MOST_WAITING) {
        throw new StoreError('failed', `too many calls wait for the database at ${this.place}`);
      }
      const given = await new Promise<Connection | null>((give) => this.#waiting.push({ give }));
      if (given !== null) return given;
    }
  }

  /** Returns null if the server has no connection left, and another one is there: free by now, or to be waited for. */
  async #openOne(): Promise<Connection | null> {
    this.#count++;
    try {
      return await this.open();
    } catch (error) {
      this.#count--;
      if (error instanceof StoreError && isTooMany(error.cause) && this.#count > 0) return null;
      // The next one finds the failure by itself.
      this.#waiting.shift()?.give(null);
      this.#checkDrained();
      throw error;
    }
  }

  #give(connection: Connection): void {
    if (connection.isLost) {
      this.#count--;
      this.#waiting.shift()?.give(null);
    } else {
      const next = this.#waiting.shift();
      if (next !== undefined) next.give(connection);
      else if (this.#closed) {
        this.#count--;
        void connection.close();
      } else this.#idle.push(connection);
    }
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (this.#count === 0) this.#drained?.();
  }
}

/** Returns the last reason of a server that answered, which says more than that one cannot be reached; else the first. */
function mostTelling(errors: readonly StoreError[]): StoreError {
  const [first = new StoreError('failed', 'no host was asked')] = errors;
  return errors.filter(({ code }) => code === 'unreadable').at(-1) ?? first;
}
