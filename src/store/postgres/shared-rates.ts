/**
 * Rates over all nodes. The database has one row for each rate that is in use: the time at which the domain has its whole
 * share again, as `local-rates.ts` has it. A node takes some at once and ahead, so a message waits for no round trip of its
 * own, and gives back what it does not use.
 */
import type { RateKind, Rates } from '../rates.js';
import { HOUR, MINUTE } from '../time.js';
import { Allowance } from './allowance.js';
import { float8Array, int4Array } from './arrays.js';
import type { Connections } from './connections.js';

/**
 * What one node, and all of them together, may have in hand of a minute's number: a node that has used its own refuses a
 * domain which could have that much more elsewhere.
 */
const OF_ONE = 0.02;
const OF_ALL = 0.06;
/** How often what is unused is given back, in milliseconds. */
const TIDY_MS = 500;
/** How often rows that say nothing any more are removed, in milliseconds. */
const REMOVE_MS = 600_000;

const KINDS: readonly RateKind[] = ['messages', 'recipients'];

/** What is given: all that is wanted, if it is there. A number below 0 is given back. The 0.001 is for rounding. */
const GRANTED = `greatest(least(excluded.granted, 0), least(excluded.granted,
  floor((excluded.at + ${MINUTE} - greatest(kept.full_again, excluded.at)) / excluded.cost + 0.001)))`;
/**
 * The rows are in the order of their keys, so that no two of these statements wait for each other. A crash of the server
 * may lose the last of it, so no one waits for the disk.
 */
const TAKE = {
  name: 'rate_take',
  text: `WITH quick AS (SELECT set_config('synchronous_commit', 'off', true),
      extract(epoch FROM clock_timestamp())::float8 * 1000 AS at)
    INSERT INTO rate AS kept (domain_id, kind, full_again, at, cost, granted)
    SELECT u.domain_id, u.kind, quick.at + u.wanted * u.cost, quick.at, u.cost, u.wanted
      FROM quick, unnest($1::int4[], $2::int4[], $3::int4[], $4::float8[]) AS u (domain_id, kind, wanted, cost)
      ORDER BY u.domain_id, u.kind
    ON CONFLICT (domain_id, kind) DO UPDATE SET at = excluded.at, cost = excluded.cost, granted = ${GRANTED},
      full_again = greatest(kept.full_again, excluded.at) + ${GRANTED} * excluded.cost
    RETURNING domain_id AS "domainId", kind, granted, full_again + cost - ${MINUTE} - at AS wait`,
};
const REMOVE = {
  name: 'rate_remove',
  text: `DELETE FROM rate WHERE full_again < extract(epoch FROM now())::float8 * 1000 - ${HOUR}`,
};

interface Bucket {
  readonly kind: number;
  readonly domainId: number;
  perMinute: number;
  readonly allowance: Allowance;
}

interface Grant {
  readonly domainId: number;
  readonly kind: number;
  readonly granted: number;
  readonly wait: number;
}

export class SharedRates implements Rates {
  readonly #connections: Connections;
  readonly #nodes: () => number;
  readonly #buckets = new Map<string, Bucket>();
  #asking = new Set<Bucket>();
  #running: Promise<void> | null = null;
  #tidying: NodeJS.Timeout | null = null;
  readonly #removing: NodeJS.Timeout;
  #removed: Promise<unknown> = Promise.resolve();

  /** @param nodes returns the number of nodes that run */
  constructor(connections: Connections, nodes: () => number) {
    this.#connections = connections;
    this.#nodes = nodes;
    this.#removing = setInterval(() => {
      // If it fails, the next time does it.
      this.#removed = this.#connections.run(REMOVE).catch(() => undefined);
    }, REMOVE_MS).unref();
  }

  take(kind: RateKind, domainId: number, perMinute: number): number | Promise<number> {
    const name = nameOf(KINDS.indexOf(kind), domainId);
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = this.#bucket(KINDS.indexOf(kind), domainId, perMinute);
      this.#buckets.set(name, bucket);
      this.#tidying ??= setInterval(() => this.#tidy(), TIDY_MS).unref();
    }
    bucket.perMinute = perMinute;
    return bucket.allowance.take();
  }

  /** Gives back what this node has in hand. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#removing);
    if (this.#tidying !== null) clearInterval(this.#tidying);
    await this.#running;
    const unused = [...this.#buckets.values()].flatMap((bucket) => {
      const inHand = bucket.allowance.end();
      return inHand === 0 ? [] : [{ bucket, wanted: -inHand }];
    });
    if (unused.length > 0) await this.#take(unused).catch(() => undefined);
    await this.#removed;
  }

  #bucket(kind: number, domainId: number, perMinute: number): Bucket {
    const allowance = new Allowance({
      now: () => performance.now(),
      most: () => Math.max(1, Math.floor(bucket.perMinute * Math.min(OF_ONE, OF_ALL / this.#nodes()))),
      ask: () => this.#ask(bucket),
    });
    const bucket: Bucket = { kind, domainId, perMinute, allowance };
    return bucket;
  }

  /** Requests that come while one question is under way go with the next one. */
  #ask(bucket: Bucket): void {
    this.#asking.add(bucket);
    this.#running ??= new Promise(setImmediate).then(() => this.#run());
  }

  async #run(): Promise<void> {
    while (this.#asking.size > 0) {
      const asked = [...this.#asking];
      this.#asking = new Set();
      const wanted = asked
        .map((bucket) => ({ bucket, wanted: Math.min(bucket.allowance.wants(), bucket.perMinute) }))
        .filter(({ wanted }) => wanted !== 0);
      if (wanted.length === 0) continue;
      try {
        await this.#take(wanted);
      } catch (error) {
        for (const { bucket } of wanted) bucket.allowance.fail(error);
      }
    }
    // In the turn in which the loop ends: what is asked for later begins another one.
    this.#running = null;
  }

  async #take(asked: readonly { readonly bucket: Bucket; readonly wanted: number }[]): Promise<void> {
    const { rows } = await this.#connections.run<Grant>(TAKE, [
      int4Array(asked.map(({ bucket }) => bucket.domainId)),
      int4Array(asked.map(({ bucket }) => bucket.kind)),
      int4Array(asked.map(({ wanted }) => wanted)),
      float8Array(asked.map(({ bucket }) => MINUTE / bucket.perMinute)),
    ]);
    const grants = new Map(rows.map((row) => [nameOf(row.kind, row.domainId), row]));
    for (const { bucket } of asked) {
      const grant = grants.get(nameOf(bucket.kind, bucket.domainId));
      if (grant !== undefined) bucket.allowance.answer(grant.granted, grant.wait);
    }
  }

  #tidy(): void {
    for (const [name, { allowance }] of this.#buckets) if (allowance.tidy()) this.#buckets.delete(name);
    if (this.#buckets.size > 0 || this.#tidying === null) return;
    clearInterval(this.#tidying);
    this.#tidying = null;
  }
}

function nameOf(kind: number, domainId: number): string {
  return `${kind} ${domainId}`;
}
