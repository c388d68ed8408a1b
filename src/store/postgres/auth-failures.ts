/**
 * SQL for failed sign-ins over all nodes. A network has one of a bounded number of rows, by its hash. If two networks have
 * the same one, the last that failed has it: the other's failures are forgotten, which slows guessing down a bit less.
 * Only failures read or write here.
 */
import { createHash } from 'node:crypto';
import { Recent } from '../../base/bounded-map.js';
import { type AuthFailures, MOST_FAILURES } from '../auth-failures.js';
import type { Connections } from './connections.js';

/** Networks of which a node remembers what it has seen. */
const MOST_KNOWN = 10_000;
/** How often rows that have run out are removed, in milliseconds. */
const REMOVE_MS = 600_000;

const NOW = '(extract(epoch FROM now()) * 1000)::int8';
const GOES_ON = 'kept.network = excluded.network AND kept.until > excluded.since';
// No one waits for the disk: what a crash loses of it does no harm.
const NOTE = {
  name: 'auth_failure_note',
  text: `WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO auth_failure AS kept (slot, network, since, until, failures)
    SELECT $1, $2, ${NOW}, ${NOW} + $3::int8, 1 FROM quick
    ON CONFLICT (slot) DO UPDATE SET network = excluded.network, until = excluded.until,
      since = CASE WHEN ${GOES_ON} THEN kept.since ELSE excluded.since END,
      failures = CASE WHEN ${GOES_ON} THEN kept.failures + 1 ELSE 1 END
    RETURNING since, failures`,
};
const REMOVE = { name: 'auth_failure_remove', text: `DELETE FROM auth_failure WHERE until < ${NOW}` };

/** A row of failures that follow each other. */
interface Row {
  /** When the first one was: another row of the same network has another time. */
  readonly since: number;
  readonly failures: number;
}

export class SharedAuthFailures implements AuthFailures {
  readonly #connections: Connections;
  readonly #known = new Recent<string, Row>(MOST_KNOWN);
  readonly #timer: NodeJS.Timeout;
  #removed: Promise<unknown> = Promise.resolve();

  constructor(connections: Connections) {
    this.#connections = connections;
    this.#timer = setInterval(() => {
      this.#removed = this.removeOld().catch(() => undefined);
    }, REMOVE_MS).unref();
  }

  async note(network: string, memory: number): Promise<number> {
    let row: Row | undefined;
    try {
      const values = [slotOf(network), network, Math.round(memory)];
      [row] = (await this.#connections.run<Row>(NOTE, values)).rows;
    } catch {
      return 0;
    }
    if (row === undefined) return 0;
    const before = this.#known.get(network);
    this.#known.set(network, row);
    // Of several calls at once, the answers may come in another order: then the first one has counted for all.
    const known = before?.since === row.since ? before.failures : 0;
    return Math.min(MOST_FAILURES, Math.max(0, row.failures - 1 - known));
  }

  /** Removes the rows that have run out. */
  async removeOld(): Promise<number> {
    return (await this.#connections.run(REMOVE)).count;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#removed;
  }
}

/** Returns one of 65,536 numbers. */
function slotOf(network: string): number {
  return createHash('sha256').update(network).digest().readUInt16BE();
}
