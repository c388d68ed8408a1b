/** The partitions of content, one for each day: they are made ahead, and give their space back once they are empty. */
import { idOfTime } from '../intake/ids.js';
import { DAY } from '../time.js';
import { databaseLock } from './advisory-locks.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

/** Days for which there are partitions, today among them. */
const AHEAD = 3;
/** How often to make partitions, in milliseconds. */
const MAKE_MS = 3_600_000;
/** A partition that is smaller than this is not worth the lock, in octets. */
const LEAST_OCTETS = 128 * 1024;
/** How long to wait for a lock that holds up those who read or write the content of the day, in milliseconds. */
const LOCK_MS = 100;

/** One node at a time. */
const ALONE = { name: 'partition_lock', text: `SELECT pg_advisory_xact_lock(${databaseLock('partitions')})` };
const FIND = { name: 'partition_find', text: 'SELECT to_regclass($1) IS NOT NULL AS made' };
const LARGE = {
  name: 'partition_large',
  text: `SELECT relname AS name, pg_total_relation_size(oid) AS octets FROM pg_class
    JOIN pg_inherits ON inhrelid = oid WHERE inhparent = 'chunk'::regclass AND pg_total_relation_size(oid) > $1
    ORDER BY relname`,
};

interface Large {
  readonly name: string;
  readonly octets: number;
}

export class Partitions {
  readonly #connections: Connections;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #making: Promise<void> = Promise.resolve();

  private constructor(connections: Connections, now: () => number) {
    this.#connections = connections;
    this.#now = now;
    this.#timer = setInterval(() => {
      // Rows without a partition of their own go to the one for the rest.
      this.#making = this.#make().catch(() => undefined);
    }, MAKE_MS).unref();
  }

  /** Makes the next partitions, now and from time to time. @param now the clock by which ids are given out */
  static async begin(connections: Connections, now: () => number): Promise<Partitions> {
    const partitions = new Partitions(connections, now);
    await partitions.#make();
    return partitions;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#making;
  }

  /**
   * Gives back the space of one partition that has no row any more. Resolves to the octets; 0 if there is none left. Those
   * that are in use at the moment are left for later.
   */
  async shrink(): Promise<number> {
    const { rows } = await this.#connections.run<Large>(LARGE, [LEAST_OCTETS]);
    for (const { name, octets } of rows) {
      if (!(await isEmpty(this.#connections, name))) continue;
      if (await this.#truncate(name)) return octets;
    }
    return 0;
  }

  async #make(): Promise<void> {
    const today = Math.floor(this.#now() / DAY);
    for (let day = today; day < today + AHEAD; day++) {
      const name = `chunk_${day}`;
      const { rows } = await this.#connections.run<{ made: boolean }>(FIND, [name]);
      if (rows[0]?.made === true) continue;
      // If the default partition has rows of that day already, they stay there with all that follow.
      await this.#connections
        .transaction((connection) => makePartition(connection, day))
        .catch(() => undefined);
    }
  }

  async #truncate(name: string): Promise<boolean> {
    try {
      return await this.#connections.transaction(async (connection) => {
        await connection.exec(`SET LOCAL lock_timeout = ${LOCK_MS}`);
        await connection.exec(`LOCK TABLE ONLY ${name} IN ACCESS EXCLUSIVE MODE`);
        if (!(await isEmpty(connection, name))) return false;
        await connection.exec(`TRUNCATE ONLY ${name}`);
        return true;
      });
    } catch {
      return false; // It is in use.
    }
  }
}

/** Makes the partition of a day, counted from the epoch, within the transaction of the connection. */
export async function makePartition(connection: Connection, day: number): Promise<void> {
  await connection.run(ALONE);
  await connection.exec(`CREATE TABLE IF NOT EXISTS chunk_${day} PARTITION OF chunk
    FOR VALUES FROM (${idOfTime(day * DAY)}) TO (${idOfTime((day + 1) * DAY)})`);
}

/** Makes one partition for all days before one, within the transaction of the connection. */
export async function makeOldPartition(connection: Connection, day: number): Promise<void> {
  await connection.exec(`CREATE TABLE IF NOT EXISTS chunk_old PARTITION OF chunk
    FOR VALUES FROM (MINVALUE) TO (${idOfTime(day * DAY)})`);
}

async function isEmpty(runner: Pick<Connection | Connections, 'run'>, name: string): Promise<boolean> {
  const statement = { name: `empty_${name}`, text: `SELECT 1 FROM ${name} LIMIT 1` };
  return (await runner.run(statement)).count === 0;
}
