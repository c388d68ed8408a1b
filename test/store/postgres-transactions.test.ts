// Transactions of other programs that stay open: what a server says of them.
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { parseAddress } from '../../src/store/postgres/address.js';
import { Connections } from '../../src/store/postgres/connections.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { OpenTransactions } from '../../src/store/postgres/open-transactions.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ settings: { max_prepared_transactions: '1' } });
});
afterAll(() => cluster.stop());

/** Opens a transaction, as a dump does, on a connection that ends with the test. */
async function hold(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'nightly-dump' });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
  return client;
}

it('an open transaction is warned of once, while it is open', async () => {
  const url = await cluster.database();
  const connections = new Connections(parseAddress(url));
  onTestFinished(() => connections.close());
  const warnings: string[] = [];
  const transactions = new OpenTransactions(connections, (warning) => void warnings.push(warning), 3_600_000);
  onTestFinished(() => {
    transactions.close();
  });
  const client = await hold(url);
  await transactions.look();
  expect(warnings).toEqual([]);
  await transactions.look(0);
  await transactions.look(0);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^a transaction has been open for \d+ s in the database at .* \(nightly-dump at 127\.0\.0\.1, process \d+\): .* end it/,
    ),
  ]);
  await client.query('COMMIT');
  await transactions.look(0);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
  await transactions.look(0);
  expect(warnings).toHaveLength(2);
});

it('a prepared transaction is warned of, and one of another database is not', async () => {
  const [url, other] = [await cluster.database(), await cluster.database()];
  const connections = new Connections(parseAddress(url));
  onTestFinished(() => connections.close());
  const warnings: string[] = [];
  const transactions = new OpenTransactions(connections, (warning) => void warnings.push(warning), 3_600_000);
  onTestFinished(() => {
    transactions.close();
  });
  await hold(other);
  await cluster.query(url, `BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'left over'`);
  await transactions.look(0);
  await cluster.query(url, `ROLLBACK PREPARED 'left over'`);
  expect(warnings).toEqual([expect.stringContaining('(prepared transaction left over)')]);
});

it('the age of the oldest transaction is there for status and metrics', async () => {
  const url = await cluster.database();
  const store = await openPostgresStore({ url });
  onTestFinished(() => store.close());
  const client = await hold(url);
  await vi.waitFor(async () => expect(await store.nodes.oldestTransaction()).toBeGreaterThan(500), 20_000);
  await client.query('COMMIT');
  expect(await store.nodes.oldestTransaction()).toBeLessThan(500);
});
