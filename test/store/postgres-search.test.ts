// The index of words: what it holds, what is found before and after it is filled, and what a second node does.
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import type { Domain, Store } from '../../src/store/port.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { BLOCK, blockPrefix, questionOf } from '../../src/store/postgres/search/words.js';
import type { MessageFilter } from '../../src/store/search.js';
import { accept, addDomain, newMessage } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('the index of words', () => {
  let url: string;
  let store: Store;
  let domain: Domain;
  beforeEach(async () => {
    url = await cluster.schema();
    store = await openPostgresStore({ url });
    domain = await addDomain(store);
  });
  afterEach(() => store.close());

  const take = (subject: string, header = '') =>
    accept(
      store,
      newMessage(domain.id, { subject }),
      Buffer.from(`${header}Subject: ${subject}\r\n\r\nbody`),
    );
  const count = async (table: string) =>
    Number((await cluster.query(url, `SELECT count(*) FROM ${table}`))[0]?.['count']);
  const isFilled = () => vi.waitFor(async () => expect(await count('search_journal')).toBe(0), 20_000);
  const found = async (
    text: string,
    kind: 'text' | 'phrase' | 'subject' = 'text',
    more: MessageFilter = {},
  ) => {
    const search = [{ kind, text, negated: false } as const];
    const { messages } = await store.mail.page('all', { filter: { ...more, search }, limit: 50 });
    return messages.map(({ id }) => id);
  };

  it('finds a message before it is indexed, afterwards, and not once it is removed', async () => {
    const id = await take('Grüße 4711', 'X-Order: order-9\r\n');
    const other = await take('something else');
    for (const round of ['before', 'after']) {
      expect(await found('gross'), round).toEqual([]);
      expect(await found('GRU'), round).toEqual([id]);
      expect(await found('order-9'), round).toEqual([id]);
      expect(await found('order', 'phrase'), round).toEqual([id]);
      expect(await found('4711 x', 'phrase'), round).toEqual([]);
      expect(await found('example'), round).toEqual([other, id]);
      await isFilled();
    }
    expect(await count('search_document')).toBe(2);
    await store.mail.operate('all', { operation: 'cancel', selection: { ids: [id] }, now: 1 });
    await store.mail.operate('all', { operation: 'delete', selection: { ids: [id] }, now: 1 });
    expect(await found('order-9')).toEqual([]);
    expect(await count('search_document')).toBe(1);
  });

  it('narrows a phrase to messages that have its words next to each other', async () => {
    const there = await take('your new password reset link');
    await take('password of the reset');
    await take('reset password');
    await isFilled();
    const candidates = async (text: string, kind: 'text' | 'phrase') => {
      const question = questionOf([{ kind, text, negated: false }])?.replaceAll(BLOCK, blockPrefix(0));
      const asked = `SELECT message_id FROM search_document WHERE words @@ '${question?.replaceAll("'", "''")}'::tsquery`;
      return (await cluster.query(url, asked)).map((row) => Number(row['message_id']));
    };
    expect(await candidates('password reset', 'phrase')).toEqual([there]);
    expect(await candidates('new password res', 'text')).toEqual([there]);
    expect(await candidates('password res', 'text')).toHaveLength(3);
    expect(await found('password reset', 'phrase')).toEqual([there]);
    expect(await found('new password res')).toEqual([there]);
  });

  it('takes a message with words without end, and those beside it', async () => {
    const words = Array.from({ length: 40_000 }, (_, at) => `w${at}`).join(' ');
    const ids = [
      await take('plain'),
      await take('x'.repeat(5000)),
      await take(words),
      await take(`a\0b 'quoted' \\ \ud800 & | ! :* #`),
    ];
    await isFilled();
    expect(await found('w39999')).toEqual([ids[2]]);
    expect(await found('x'.repeat(300))).toEqual([ids[1]]);
    expect(await found('plain')).toEqual([ids[0]]);
    expect(await found('quoted', 'subject')).toEqual([ids[3]]);
    expect(await found(`'quoted' & ! :* \\`, 'subject')).toEqual([ids[3]]);
  });

  it('goes on in a further block when one is full', async () => {
    const ids = [];
    for (let number = 0; number < 5; number++) ids.unshift(await take(`Number ${number} of many`));
    await isFilled();
    // As if the block had been filled.
    await cluster.query(url, 'UPDATE search_block SET documents = 100000');
    for (let number = 5; number < 9; number++) ids.unshift(await take(`Number ${number} of many`));
    await isFilled();
    expect(await count('search_block')).toBe(2);
    expect(await found('many')).toEqual(ids);
    expect(await found('number 3')).toEqual([ids[5]]);
    expect(await found('number 7')).toEqual([ids[1]]);
    expect(await found('num', 'text', { statuses: ['queued'] })).toEqual([]);
  });

  it('is filled by one of several nodes, and notifies the watchers of all', async () => {
    const second = await openPostgresStore({ url });
    let missed = 0;
    const seen: string[] = [];
    const end = second.mail.watch('all', {
      changed: (changes) => seen.push(...changes.map(({ kind }) => kind)),
      missed: () => missed++,
    });
    await Promise.all(Array.from({ length: 20 }, (_, number) => take(`of the first ${number}`)));
    await vi.waitFor(() => expect(missed).toBeGreaterThan(0), 10_000);
    expect(seen).toEqual([]);
    await isFilled();
    expect(await count('search_document')).toBe(20);
    end();
    await second.close();
  });
});
