// Messages have the ids of their domains without a constraint: what holds in its place.
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { Domain, Store } from '../../src/store/port.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { accept, addDomain, newMessage } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('the domain of a message', () => {
  let url: string;
  let store: Store;
  let domain: Domain;
  beforeEach(async () => {
    url = await cluster.database();
    store = await openPostgresStore({ url });
    domain = await addDomain(store);
  });
  afterEach(() => store.close());

  it('cannot be deleted, nor get another id, by whatever statement', async () => {
    for (const statement of [
      'DELETE FROM domain',
      'UPDATE domain SET id = DEFAULT',
      'TRUNCATE domain CASCADE',
    ]) {
      await expect(cluster.query(url, statement), statement).rejects.toThrow('its row stays');
    }
    await accept(store, newMessage(domain.id));
  });

  it('is removed after the group of messages that is being stored, which is cancelled then', async () => {
    await cluster.query(
      url,
      `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
       CREATE TRIGGER hold AFTER INSERT ON message FOR EACH ROW EXECUTE FUNCTION hold()`,
    );
    const waiting = (what: string) => async () =>
      (await cluster.query(url, `SELECT 1 FROM pg_stat_activity WHERE ${what}`)).length;
    const holder = cluster.query(url, 'SELECT pg_advisory_lock(4711), pg_sleep(60)').catch(() => undefined);
    await expect.poll(waiting(`wait_event = 'PgSleep'`)).toBe(1);
    const accepting = accept(store, newMessage(domain.id, { status: 'queued' }));
    await expect.poll(waiting(`wait_event = 'advisory'`)).toBe(1);
    const other = await openPostgresStore({ url });
    const removing = other.domainRecords.remove('all', domain.name, 'cancel', 2000);
    await expect.poll(async () => (await store.domains()).length).toBe(0);
    await cluster.query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
    );
    await holder;
    const id = await accepting;
    expect(await removing).toBe(1);
    expect((await store.message(id))?.status).toBe('cancelled');
    await other.close();
  });

  it('is looked for again after the connection was lost: the new server may not have it', async () => {
    await accept(store, newMessage(domain.id));
    await cluster.query(
      url,
      `ALTER TABLE domain DISABLE TRIGGER domain_stays; DELETE FROM token; DELETE FROM domain;
       SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await expect
      .poll(() => accept(store, newMessage(domain.id)).catch((error: unknown) => String(error)), {
        timeout: 10_000,
      })
      .toContain('domain of the message is not in the database');
  });
});
