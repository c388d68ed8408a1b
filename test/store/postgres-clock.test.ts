// The clock of a node is put back between the moment that a time is read and the moment that it is written.
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { addDomain, newMessage, octets } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());
afterEach(() => {
  vi.restoreAllMocks();
});

/** A store with a domain and its webhook. `clock.ahead` says by how many milliseconds the node's clock is wrong. */
async function openStore() {
  const clock = { ahead: 0 };
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => real() + clock.ahead);
  const url = await cluster.schema();
  const store = await openPostgresStore({ url });
  const domain = await addDomain(store);
  const keys = { publicKey: octets(32), privateKey: octets(48) };
  await store.webhooks.set('example.com', { url: 'https://x.example/', events: EVENTS, keys }, 7);
  return { clock, url, store, domain };
}

it('mail and events are due after their gaps, not an hour later', async () => {
  const { clock, url, store, domain } = await openStore();
  const latest = async (table: string) =>
    Number(
      (
        await cluster.query(
          url,
          `SELECT max(due_at) - extract(epoch FROM clock_timestamp()) * 1000 AS ahead FROM ${table}`,
        )
      )[0]?.['ahead'],
    );

  // One is stored by the statement for messages without anything special, the other is not.
  const drafts = [store.open(), store.open()];
  const receivedAt = Date.now();
  clock.ahead = -HOUR;
  for (const [n, draft] of drafts.entries()) {
    const listUnsubscribe = n === 0 ? null : '<https://x.example/u>';
    await draft.commit(newMessage(domain.id, { receivedAt, listUnsubscribe, status: 'queued' }));
    expect(await latest('queue')).toBeLessThan(MINUTE);
    expect(await latest('webhook_event')).toBeLessThan(MINUTE);
  }

  clock.ahead = 0;
  const at = Date.now();
  const [lease] = await store.queue.lease({ now: at, until: at + HOUR, limit: 1, perDomain: 1 });
  if (lease === undefined) throw new Error('nothing is due');
  const attempt = { at, outcome: 'deferred', remoteHost: 'mx', reply: '451 Later', tls: null } as const;
  clock.ahead = -HOUR;
  const settlement = { position: 0, attempt, nextAttemptAt: at + MINUTE, report: null, block: false };
  await store.queue.settle(lease, [settlement], true);
  expect(await latest('queue')).toBeLessThan(2 * MINUTE);
  expect(await latest('webhook_event')).toBeLessThan(MINUTE);
  await store.close();
});

it.each(['queue', 'webhook_event'] as const)(
  'leases of %s end in time though the database was slow',
  async (table) => {
    const { clock, url, store, domain } = await openStore();
    await store.open().commit(newMessage(domain.id, { receivedAt: Date.now(), status: 'queued' }));
    const lease = () => {
      const request = { now: Date.now(), until: Date.now() + MINUTE, limit: 1, perDomain: 1 };
      return table === 'queue' ? store.queue.lease(request) : store.webhooks.leaseEvents(request);
    };
    // The call fails after it has leased; the next one gives that back first.
    const what = table === 'queue' ? 'recipient RENAME notify' : 'webhook_event RENAME positions';
    await cluster.query(url, `ALTER TABLE ${what} TO elsewhere`);
    await expect(lease()).rejects.toMatchObject({ code: 'failed' });
    await cluster.query(
      url,
      `ALTER TABLE ${what.replace(/ RENAME .*/, '')} RENAME elsewhere TO ${what.split(' ').at(-1) ?? ''}`,
    );
    const leasing = lease();
    clock.ahead = -HOUR;
    expect(await leasing).toHaveLength(1);
    const [row] = await cluster.query(
      url,
      `SELECT (due_at - extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ahead FROM ${table} WHERE lease IS NOT NULL`,
    );
    expect(row?.['ahead']).toBeLessThan(2 * MINUTE);
    await store.close();
  },
);
