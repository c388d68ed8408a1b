import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { addDomain, tempFolder } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';
import { checkQueueModel } from './queue-model.js';

const RUNS = Number(process.env['POSTERN_PROPERTY_RUNS'] ?? 3);

async function check(count: number, open: () => Promise<Store>): Promise<void> {
  const stores: Store[] = [];
  for (let node = 0; node < count; node++) stores.push(await open());
  const [first] = stores;
  if (first === undefined) return;
  const domains = [];
  for (const name of ['a.example', 'b.example', 'c.example']) domains.push(await addDomain(first, name));
  const restart = async (node: number) => {
    await stores[node]?.close();
    stores[node] = await open();
  };
  try {
    await checkQueueModel({ stores, domains, restart }, RUNS);
  } finally {
    for (const store of stores) await store.close();
  }
}

// Invariant: after any commands, by any nodes, each message is leased, due and settled as the model says.
describe('the queue does what its model does', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  it('with one node on a folder', async () => {
    const folder = tempFolder();
    await check(1, () => openSqliteStore({ directory: folder.path, exclusive: true }));
    folder.remove();
  }, 300_000);

  it('with three nodes on one database', async () => {
    const url = await cluster.schema();
    await check(3, () => openPostgresStore({ url }));
  }, 300_000);
});
