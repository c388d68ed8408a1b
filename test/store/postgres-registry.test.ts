/** Several processes on one database: who is there, who has which slot, and versions beside each other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { accept, addDomain, newMessage } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const open = (url: string, now: () => number = Date.now): Promise<Store> => openPostgresStore({ url, now });

const LOAD = { connections: 0, delivering: 0, memory: 1, cpu: 0 };
const announce = (store: Store, name: string): Promise<void> =>
  store.nodes.announce({ name, version: '1', process: 1 }, () => LOAD);
const states = async (store: Store): Promise<string[]> =>
  (await store.nodes.list()).map(({ name, state }) => `${name} ${state}`);

/** Makes a node seem silent, as one that was stopped for long. */
const silence = (url: string, name: string): Promise<unknown> =>
  cluster.query(url, `UPDATE node SET heartbeat_until = now() - interval '1 second' WHERE name = '${name}'`);

describe('nodes on PostgreSQL', () => {
  it('see each other, and a command among them is not listed', async () => {
    const url = await cluster.schema();
    const [a, b, command] = await Promise.all([open(url), open(url), open(url)]);
    await announce(a, 'a');
    await announce(b, 'b');
    expect(await states(command)).toEqual(['a running', 'b running']);
    await b.nodes.drain();
    expect(await states(a)).toEqual(['a running', 'b draining']);
    await b.close();
    expect(await states(a)).toEqual(['a running']);
    await silence(url, 'a');
    expect(await states(command)).toEqual(['a silent']);
    await Promise.all([a.close(), command.close()]);
  });

  it('that was silent takes another slot if its own was taken, and gives out ids of its own', async () => {
    const url = await cluster.schema();
    const first = await open(url);
    await announce(first, 'first');
    const domain = await addDomain(first);
    await silence(url, 'first');
    const second = await open(url);
    await announce(second, 'second');
    expect(await states(second)).toEqual(['second running']);
    // Both have the slot now. The second one begins after everything that the first one had reserved.
    const accepting = Array.from({ length: 200 }, (_, n) =>
      accept(n % 2 === 0 ? first : second, newMessage(domain.id)),
    );
    expect(new Set(await Promise.all(accepting)).size).toBe(200);
    await announce(first, 'first');
    const nodes = await second.nodes.list();
    expect(nodes).toHaveLength(2);
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(2);
    await Promise.all([first.close(), second.close()]);
  });

  it('give out only ids that they reserved, if the clock jumps, until they have reserved more', async () => {
    const url = await cluster.schema();
    let clock = Date.UTC(2026, 0, 1);
    const store = await open(url, () => clock);
    const before = store.open().id;
    const reserved = async () =>
      Number((await cluster.query(url, 'SELECT last_id FROM node'))[0]?.['last_id']);
    const most = await reserved();
    clock += 3_600_000;
    const within = store.open().id;
    expect(within).toBeGreaterThan(before);
    expect(within).toBeLessThanOrEqual(most);
    // The call asked for more.
    while ((await reserved()) === most) await new Promise((resolve) => setTimeout(resolve, 10));
    while (store.open().id <= most) await new Promise((resolve) => setTimeout(resolve, 10));
    await store.close();
  });

  it('make the schema once if they start at the same time on an empty database', async () => {
    const url = await cluster.database();
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)));
    expect(await cluster.query(url, 'SELECT count(*)::int AS count FROM schema_version')).toEqual([
      { count: 1 },
    ]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('go on, and start, beside a newer version that only added to the schema', async () => {
    const url = await cluster.schema();
    const old = await open(url);
    const domain = await addDomain(old);
    await cluster.query(
      url,
      `ALTER TABLE message ADD COLUMN added text; ALTER TABLE recipient ADD COLUMN added int DEFAULT 1;
       CREATE TABLE added (id int); UPDATE schema_version SET version = version + 1`,
    );
    await accept(old, newMessage(domain.id));
    const started = await open(url);
    await accept(started, newMessage(domain.id));
    expect(await old.messages({ limit: 9 })).toHaveLength(2);
    await cluster.query(url, 'UPDATE schema_version SET least = version');
    await expect(open(url)).rejects.toMatchObject({ code: 'newer' });
    await Promise.all([old.close(), started.close()]);
  });
});
