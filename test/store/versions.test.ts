/**
 * Two versions on one database: the store of the last release, kept in `frozen/`, beside that of this build. Until there is a
 * release, the frozen one is an earlier build.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { parseAddress } from '../../src/store/postgres/address.js';
import { Connections } from '../../src/store/postgres/connections.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { migrate } from '../../src/store/postgres/migrate.js';
import { MIGRATIONS } from '../../src/store/postgres/schema/index.js';
import { fill, seen } from './filled.js';
import { accept, addDomain, contentOf, newMessage, octets, sha256 } from './fixtures.js';
import { frozenStore } from './frozen/frozen-store.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

const HOUR = 3_600_000;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** A node at work: it takes messages in, and delivers those that it gets. */
class Worker {
  readonly accepted: number[] = [];
  readonly delivered: number[] = [];
  readonly events: string[] = [];
  #going = true;
  readonly #ended: Promise<unknown>;

  constructor(
    private readonly store: Store,
    private readonly domainId: number,
  ) {
    this.#ended = Promise.all([this.#accept(), this.#deliver(), this.#tell()]);
    // Failures are reported when it ends.
    this.#ended.catch(() => undefined);
  }

  /** Waits until it has done so much more of everything. */
  async does(more: number): Promise<void> {
    const goals = [this.accepted, this.delivered, this.events].map(({ length }) => length + more);
    const short = () =>
      [this.accepted, this.delivered, this.events].some(({ length }, at) => length < (goals[at] ?? 0));
    await Promise.race([this.#ended, expect.poll(short, { timeout: 120_000, interval: 50 }).toBe(false)]);
  }

  async end(): Promise<void> {
    this.#going = false;
    await this.#ended;
  }

  async #accept(): Promise<void> {
    while (this.#going) {
      const message = newMessage(this.domainId, {
        ...{
          receivedAt: Date.now(),
          status: 'queued',
          tags: ['both'],
          subject: `word${this.accepted.length}`,
        },
      });
      const size = this.accepted.length % 7 === 0 ? 300_000 : 500;
      this.accepted.push(await accept(this.store, message, octets(size, size)));
      await pause();
    }
  }

  async #deliver(): Promise<void> {
    while (this.#going) {
      const now = Date.now();
      const leases = await this.store.queue.lease({ now, until: now + HOUR, limit: 5, perDomain: 50 });
      await this.store.queue.begin(leases);
      for (const lease of leases) {
        const settlements = lease.recipients.map(({ position }) => ({
          ...{ position, nextAttemptAt: null, report: null, block: false },
          attempt: { at: now, outcome: 'delivered' as const, remoteHost: 'mx', reply: '250 Ok', tls: null },
        }));
        await this.store.queue.settle(lease, settlements, true);
        this.delivered.push(lease.id);
      }
      await pause();
    }
  }

  async #tell(): Promise<void> {
    while (this.#going) {
      const now = Date.now();
      const events = await this.store.webhooks.leaseEvents({ now, until: now + HOUR, limit: 5 });
      for (const { event, message, name } of events) {
        this.events.push(`${name} ${message}`);
        await this.store.webhooks.endEvent(event);
      }
      await pause();
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

it('the last release works on while this version changes the schema, and beside it afterwards', async () => {
  const last = await frozenStore();
  const url = await cluster.schema();
  const old = await last.openPostgresStore({ url });
  const domain = await addDomain(old);
  const keys = { publicKey: octets(32, 1), privateKey: octets(64, 2) };
  const hook = { url: 'https://hook.example/', events: ['email.queued', 'email.delivered'] as const, keys };
  await old.webhooks.set('example.com', hook, Date.now());
  const first = new Worker(old, domain.id);
  await first.does(20);
  const recent = await openPostgresStore({ url });
  const second = new Worker(recent, domain.id);
  await Promise.all([first.does(60), second.does(60)]);
  // A node of the last release that is started again, as after an upgrade that went wrong.
  await first.end();
  await old.close();
  const again = await last.openPostgresStore({ url });
  const third = new Worker(again, domain.id);
  await Promise.all([third.does(30), second.does(30)]);
  await Promise.all([third.end(), second.end()]);

  const workers = [first, second, third];
  const all = workers.flatMap(({ accepted }) => accepted);
  for (const store of [again, recent]) {
    const listed = (await store.messages({ limit: 100_000 })).map(({ id }) => id);
    expect(listed.sort()).toEqual([...all].sort());
    for (const id of all.slice(-20)) {
      const { size } = (await store.message(id)) ?? { size: 0 };
      expect(sha256(await contentOf(store, id))).toBe(sha256(octets(size, size)));
    }
  }
  const delivered = workers.flatMap(({ delivered }) => delivered);
  expect(new Set(delivered).size).toBe(delivered.length);
  for (const { id, status } of await recent.messages({ limit: 100_000 })) {
    if (delivered.includes(id)) expect(status).toBe('delivered');
  }
  const recorded = workers.flatMap(({ events }) => events);
  expect(new Set(recorded).size).toBe(recorded.length);
  const query = { unit: 'hour', since: Date.now() - HOUR, until: Date.now() + HOUR } as const;
  for (const store of [again, recent]) {
    const counts = await store.statistics.counts('all', query);
    expect(counts).toEqual(await recent.statistics.recount('all', query));
    expect(counts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(all.length);
  }
  await again.close();
  await recent.close();
}, 300_000);

it('both read the same of what either has written', async () => {
  const last = await frozenStore();
  for (const writes of ['last', 'this'] as const) {
    const url = await cluster.schema();
    const opening = [last.openPostgresStore, openPostgresStore];
    if (writes === 'this') opening.reverse();
    const stores: Store[] = [];
    for (const open of opening) stores.push(await open({ url }));
    const [writer, reader] = stores;
    if (writer === undefined || reader === undefined) throw new Error('no stores');
    await fill(writer);
    const [old, recent] = writes === 'last' ? [writer, reader] : [reader, writer];
    // This version may show more.
    expect(await seen(recent)).toMatchObject(await seen(old));
    for (const store of stores) await store.close();
  }
}, 120_000);

/** Everything that the catalog has of the tables, indexes and functions of a database. */
async function catalog(url: string): Promise<unknown> {
  const ours = `relnamespace = 'public'::regnamespace`;
  return cluster.query(
    url,
    `SELECT 'column' AS kind, relname || '.' || attname AS name, concat_ws(' ', atttypid::regtype, attnotnull, attstorage,
        attcompression, attidentity, pg_get_expr(adbin, adrelid)) AS what
      FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE ${ours} AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'index', relname, pg_get_indexdef(oid) FROM pg_class WHERE ${ours} AND relkind IN ('i', 'I')
    UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3`,
  );
}

it('every earlier schema becomes the newest one', async () => {
  const made: unknown[] = [];
  for (let steps = MIGRATIONS.length; steps >= 1; steps--) {
    const url = await cluster.database();
    const connections = new Connections(parseAddress(url));
    await migrate(connections, MIGRATIONS.slice(0, steps));
    await migrate(connections);
    made.push(await catalog(url));
    await connections.close();
  }
  expect(made.length).toBeGreaterThan(1);
  expect(made.every((one) => JSON.stringify(one) === JSON.stringify(made[0]))).toBe(true);
});

it('of several nodes that start at once, one changes the schema; a lock that it waits for holds no other node up', async () => {
  const url = await cluster.schema();
  const store = await openPostgresStore({ url });
  const domain = await addDomain(store);
  const next = [
    ...MIGRATIONS,
    `CREATE TABLE stepped (at int); INSERT INTO stepped VALUES (1);
      ALTER TABLE message ADD COLUMN next_release text; ALTER TABLE queue ADD COLUMN next_release int NOT NULL DEFAULT 7`,
  ];
  // As a dump does: it has a lock that the step needs.
  const dump = new Connections(parseAddress(url));
  const reading = await dump.open();
  await reading.exec('SET idle_in_transaction_session_timeout = 0');
  await reading.exec('BEGIN');
  await reading.exec('LOCK TABLE message IN ACCESS SHARE MODE');
  const nodes = Array.from({ length: 4 }, () => new Connections(parseAddress(url)));
  let done = 0;
  const migrating = nodes.map(async (node) => {
    await migrate(node, next);
    done++;
  });
  const waits = async () =>
    (
      await cluster.query(
        url,
        `SELECT count(*)::int AS count FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted
          AND relation = 'message'::regclass`,
      )
    )[0]?.['count'];
  await expect.poll(waits, { timeout: 20_000, interval: 10 }).toBe(1);
  // The step gives up, so these go on although the dump does not end.
  for (let n = 0; n < 5; n++) {
    await accept(store, newMessage(domain.id, { status: 'queued', receivedAt: Date.now() }));
  }
  expect(done).toBe(0);
  await reading.exec('ROLLBACK');
  await Promise.all(migrating);
  expect(await cluster.query(url, 'SELECT count(*)::int AS count FROM stepped')).toEqual([{ count: 1 }]);
  const now = Date.now();
  const leases = await store.queue.lease({ now, until: now + HOUR, limit: 10, perDomain: 10 });
  expect(leases).toHaveLength(5);
  for (const node of nodes) await node.close();
  await reading.close();
  await dump.close();
  await store.close();
}, 120_000);
