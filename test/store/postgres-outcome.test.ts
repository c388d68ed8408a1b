/** A connection to PostgreSQL that is lost during a commit: who waits for the outcome, and who does not. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { Proxy } from '../chaos/proxy.js';
import { accept, addDomain, newMessage } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

it('takes further mail while the outcome of a lost commit is not known, and answers that one when it is', async () => {
  const url = await cluster.database();
  const proxy = await Proxy.open(cluster.port);
  const commits: number[] = [];
  const store = await openPostgresStore({
    url: url.replace(String(cluster.port), String(proxy.port)),
    onCommit: ({ writes, duration }) => {
      expect(duration).toBeGreaterThan(0);
      commits.push(writes);
    },
  });
  const domain = await addDomain(store);
  // The commit of this message takes as long as the test holds the lock.
  await cluster.query(
    url,
    `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
     CREATE TRIGGER hold AFTER INSERT ON message FOR EACH ROW WHEN (NEW.subject = 'slow') EXECUTE FUNCTION hold()`,
  );
  const locked = cluster.query(url, 'SELECT pg_advisory_lock(4711), pg_sleep(60)').catch(() => undefined);
  const waiting = (what: string) => async () =>
    (await cluster.query(url, `SELECT 1 FROM pg_stat_activity WHERE ${what}`)).length;
  await expect.poll(waiting(`wait_event = 'PgSleep'`)).toBe(1);
  const answers: string[] = [];
  const slow = accept(store, newMessage(domain.id, { subject: 'slow' })).then(() => answers.push('slow'));
  await expect.poll(waiting(`wait_event = 'advisory'`)).toBe(1);
  proxy.cut(Infinity);
  // The fence waits for the transaction that the cut connection has left.
  await expect.poll(waiting(`wait_event = 'transactionid'`), { timeout: 10_000 }).toBe(1);
  await accept(store, newMessage(domain.id)).then(() => answers.push('other'));
  await cluster.query(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
  );
  await locked;
  await slow;
  expect(answers).toEqual(['other', 'slow']);
  expect(commits).toEqual([1]);
  expect(await store.messages({ limit: 9 })).toHaveLength(2);
  await store.close();
  proxy.close();
}, 30_000);
