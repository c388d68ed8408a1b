/**
 * Looks for transactions that stay open. While one is open, the database cannot remove the old versions of rows, of which the
 * queue makes several for each message: leasing reads more and more of them.
 */
import type { Connections } from './connections.js';

/** How long a transaction may be open before it is worth a warning, in milliseconds. Those of this program end sooner. */
export const LONG_MS = 30_000;
/** How often to look, in milliseconds: a transaction is found within a minute. */
const LOOK_MS = 20_000;
/** Transactions that one look finds. */
const MOST = 20;

/** Age and beginning are in milliseconds. What other users run is visible to members of pg_read_all_stats only. */
const OPEN = {
  name: 'transactions_open',
  text: `SELECT pid, program, client, began, (extract(epoch FROM clock_timestamp()) * 1000)::int8 - began AS age FROM (
      SELECT pid, coalesce(nullif(application_name, ''), usename, backend_type) AS program,
        host(client_addr) AS client, (extract(epoch FROM xact_start) * 1000)::int8 AS began
      FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'
        AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
      UNION ALL
      SELECT NULL, 'prepared transaction ' || gid, NULL, (extract(epoch FROM prepared) * 1000)::int8
      FROM pg_prepared_xacts WHERE database = current_database()) AS open
    WHERE began IS NOT NULL ORDER BY began LIMIT ${MOST}`,
};

interface Row {
  readonly pid: number | null;
  readonly program: string;
  readonly client: string | null;
  readonly began: number;
  readonly age: number;
}

/** Returns the age of the oldest open transaction in milliseconds; 0 if there is none. */
export async function oldestTransaction(connections: Connections): Promise<number> {
  return Math.max(0, (await connections.run<Row>(OPEN)).rows[0]?.age ?? 0);
}

/** Warns of each transaction that stays open, once. */
export class OpenTransactions {
  readonly #connections: Connections;
  readonly #onWarning: (warning: string) => void;
  readonly #timer: NodeJS.Timeout;
  /** Those that a warning was about, as far as they are still open. */
  #known: ReadonlySet<string> = new Set();

  /** Looks now and then, until it is closed. */
  constructor(connections: Connections, onWarning: (warning: string) => void, every = LOOK_MS) {
    this.#connections = connections;
    this.#onWarning = onWarning;
    // A look that fails is made up for by the next one.
    this.#timer = setInterval(() => void this.look().catch(() => undefined), every).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** @param long age from which on a transaction is worth a warning, in milliseconds */
  async look(long = LONG_MS): Promise<void> {
    const known = new Set<string>();
    for (const row of (await this.#connections.run<Row>(OPEN)).rows) {
      if (row.age < long) break;
      const key = `${row.pid} ${row.program} ${row.began}`;
      known.add(key);
      if (!this.#known.has(key)) this.#onWarning(warningOf(row, this.#connections.place));
    }
    this.#known = known;
  }
}

function warningOf({ pid, program, client, age }: Row, place: string): string {
  const where = client === null ? '' : ` at ${client}`;
  const process = pid === null ? '' : `, process ${pid}`;
  return (
    `a transaction has been open for ${Math.round(age / 1000)} s in the database at ${place} (${program}${where}${process}): ` +
    'until it ends, the database cannot clean up, and the queue gets slower; end it, and take dumps from a standby'
  );
}
