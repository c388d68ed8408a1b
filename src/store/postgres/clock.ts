/**
 * The database's clock. Nodes compare times of leases and of mail that is due, and their own clocks differ, or jump; so
 * these times are kept on the clock that they share.
 */
import type { Connections } from './connections.js';

/**
 * A difference below this counts as none, in milliseconds: it is within the error of reading a clock over a network, and
 * leases last for a minute.
 */
const TOLERANCE_MS = 1000;

const READ = {
  name: 'clock',
  text: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::int8 AS now`,
};

export class DatabaseClock {
  readonly #connections: Connections;
  readonly #now: () => number;
  /** The database's time less that of the monotonic clock, which no jump of the node's clock changes. */
  #lead = 0;

  private constructor(connections: Connections, now: () => number) {
    this.#connections = connections;
    this.#now = now;
  }

  /** @param now the node's clock, in milliseconds since the epoch */
  static async read(connections: Connections, now: () => number = Date.now): Promise<DatabaseClock> {
    const clock = new DatabaseClock(connections, now);
    await clock.adjust();
    return clock;
  }

  /** Reads the database's clock again. @throws StoreError */
  async adjust(): Promise<void> {
    const start = performance.now();
    const { rows } = await this.#connections.run<{ now: number }>(READ);
    const middle = (start + performance.now()) / 2;
    this.#lead = (rows[0]?.now ?? 0) - middle;
  }

  /** The database's time. No jump of the node's clock changes it. */
  get now(): number {
    return Math.round(this.#lead + performance.now());
  }

  /** Milliseconds by which the database's clock is ahead of the node's. */
  get offset(): number {
    const difference = this.#lead + performance.now() - this.#now();
    return Math.abs(difference) < TOLERANCE_MS ? 0 : Math.round(difference);
  }

  toDatabase(time: number): number {
    return time + this.offset;
  }

  /**
   * Returns when something is due that follows so many milliseconds after a time of the node's clock that has come. If the
   * clock was put back since then, it is due that much after now, and not after a time that is yet to come.
   */
  dueAfter(time: number, gap = 0): number {
    const due = this.toDatabase(time + gap);
    const latest = this.now + gap;
    return due - latest > TOLERANCE_MS ? latest : due;
  }

  fromDatabase(time: number): number {
    return time - this.offset;
  }
}
