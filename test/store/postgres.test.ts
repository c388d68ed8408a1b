import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { runStoreContract } from './contract.js';
import { accept, addDomain, newMessage, octets } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const open = (url: string, tuning = {}): Promise<Store> => openPostgresStore({ url, ...tuning });

runStoreContract('postgres', async () => {
  const url = await cluster.schema();
  return { open: (tuning) => open(url, tuning), remove: () => Promise.resolve() };
});

describe('a store on PostgreSQL', () => {
  it('takes text that the database refuses, and the messages beside it', async () => {
    const store = await open(await cluster.schema());
    const domain = await addDomain(store);
    const texts = ['plain', 'a\0b', 'lone \ud800 half', 'x'.repeat(20_000)];
    const ids = await Promise.all(texts.map((subject) => accept(store, newMessage(domain.id, { subject }))));
    const subjects = await Promise.all(ids.map(async (id) => (await store.message(id))?.subject));
    expect(subjects).toEqual(['plain', 'a\ufffdb', 'lone \ufffd half', texts[3]]);
    await store.close();
  });

  it('refuses a tag that no index takes, and nothing beside it', async () => {
    const store = await open(await cluster.schema());
    const domain = await addDomain(store);
    const tag = Array.from(octets(9000), (octet) => octet.toString(36)).join('');
    const tags = [['a'], [tag], ['b']];
    const results = await Promise.allSettled(
      tags.map((tags) => accept(store, newMessage(domain.id, { tags }))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.messages({ limit: 9 })).toHaveLength(2);
    await store.close();
  });

  it('answers several nodes on one database with ids that are all different', async () => {
    const url = await cluster.schema();
    const stores = await Promise.all([open(url), open(url), open(url)]);
    const [first] = stores;
    const domain = await addDomain(first);
    const accepting = stores.flatMap((store) =>
      Array.from({ length: 50 }, () => accept(store, newMessage(domain.id))),
    );
    expect(new Set(await Promise.all(accepting)).size).toBe(150);
    expect(await first.messages({ limit: 1000 })).toHaveLength(150);
    for (const store of stores) await store.close();
  });

  it('says in words why it does not open', async () => {
    const url = await cluster.database();
    await (await open(url)).close();
    await expect(open(url.replace(/\w+$/, 'missing'))).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringContaining('does not exist') as string,
    });
    await expect(open('postgres://u:secret@h:1/x?nonsense=1')).rejects.toMatchObject({
      message: expect.not.stringContaining('secret') as string,
    });
    await expect(open('postgres://u@127.0.0.1:1/x')).rejects.toMatchObject({ code: 'failed' });
    await cluster.query(url, 'UPDATE schema_version SET version = 999, least = 999');
    await expect(open(url)).rejects.toMatchObject({ code: 'newer' });
    await cluster.query(
      url,
      'ALTER DATABASE ' + url.slice(url.lastIndexOf('/') + 1) + ' SET default_transaction_read_only = on',
    );
    await expect(open(url)).rejects.toMatchObject({
      message: expect.stringContaining('read-only') as string,
    });
  });

  it('finds the host that takes writes by itself', async () => {
    const url = await cluster.database();
    const store = await open(url.replace('@', '@127.0.0.1:1,'));
    expect(await store.isEmpty()).toBe(true);
    await store.close();
  });
});
