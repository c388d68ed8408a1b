import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { accept, addDomain, contentOf, newMessage, octets, tempFolder, writeAll } from './fixtures.js';
import { count, transactionsInLog } from './sqlite-fixtures.js';

const CHUNK = 1000;

describe('group commit', () => {
  let folder: ReturnType<typeof tempFolder>;
  let store: Store;
  beforeEach(async () => {
    folder = tempFolder();
    store = await openSqliteStore({ directory: folder.path, exclusive: true, chunkOctets: CHUNK });
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  it('puts many commits that come together into few transactions', async () => {
    const domain = await addDomain(store);
    const before = transactionsInLog(folder.path);
    await Promise.all(Array.from({ length: 200 }, () => accept(store, newMessage(domain.id))));
    const transactions = transactionsInLog(folder.path) - before;
    expect(transactions).toBeGreaterThan(0);
    expect(transactions).toBeLessThan(20);
  });

  it('waits for the commits of a few turns, as long as each brings one', async () => {
    const domain = await addDomain(store);
    const before = transactionsInLog(folder.path);
    const accepted: Promise<unknown>[] = [];
    for (let turn = 0; turn < 5; turn++) {
      accepted.push(accept(store, newMessage(domain.id)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(accepted);
    expect(transactionsInLog(folder.path) - before).toBe(1);
  });

  it('does not wait for a turn that brings no commit', async () => {
    const domain = await addDomain(store);
    const before = transactionsInLog(folder.path);
    const first = accept(store, newMessage(domain.id));
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, accept(store, newMessage(domain.id))]);
    expect(transactionsInLog(folder.path) - before).toBe(2);
  });

  it('gives a lone commit one transaction', async () => {
    const domain = await addDomain(store);
    const before = transactionsInLog(folder.path);
    for (let sent = 0; sent < 10; sent++) await accept(store, newMessage(domain.id));
    expect(transactionsInLog(folder.path) - before).toBe(10);
  });

  it('writes a message of one chunk in its commit, never before', async () => {
    await addDomain(store);
    const before = transactionsInLog(folder.path);
    const draft = store.open();
    await writeAll(draft, octets(CHUNK), 100);
    await store.domains();
    expect(transactionsInLog(folder.path)).toBe(before);
    await draft.write(octets(1));
    await store.domains();
    expect(transactionsInLog(folder.path)).toBe(before + 1);
    draft.discard();
  });

  it('keeps a message with a refused chunk out, and its neighbours in', async () => {
    const domain = await addDomain(store);
    // Two processes on one clock give out the same ids: the second one's first chunk is refused.
    const beside = { directory: folder.path, exclusive: false, chunkOctets: CHUNK, now: () => 1.8e12 };
    const first = await openSqliteStore(beside);
    const second = await openSqliteStore(beside);
    const theirs = first.open();
    await writeAll(theirs, octets(3 * CHUNK, 5));
    await first.domains();

    const clash = second.open();
    expect(clash.id).toBe(theirs.id);
    const neighbour = second.open();
    void clash.write(octets(5 * CHUNK));
    void neighbour.write(octets(5 * CHUNK, 9));
    const [refused, kept] = await Promise.allSettled([
      clash.commit(newMessage(domain.id)),
      neighbour.commit(newMessage(domain.id)),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'failed' } });
    expect(kept.status).toBe('fulfilled');
    await second.close();

    await theirs.write(octets(3 * CHUNK, 6));
    await theirs.commit(newMessage(domain.id));
    const whole = Buffer.concat([octets(3 * CHUNK, 5), octets(3 * CHUNK, 6)]);
    expect((await contentOf(store, theirs.id)).equals(whole)).toBe(true);
    expect((await contentOf(store, neighbour.id)).equals(octets(5 * CHUNK, 9))).toBe(true);
    await first.close();
  });

  it('finishes, when it closes, a message that takes more than one transaction', async () => {
    const domain = await addDomain(store);
    const content = octets(9_000_000);
    const draft = store.open();
    void draft.write(content);
    const commit = draft.commit(newMessage(domain.id));
    await Promise.all([commit, store.close()]);
    store = await openSqliteStore({ directory: folder.path, exclusive: true });
    expect((await contentOf(store, draft.id)).equals(content)).toBe(true);
  });

  it('removes the chunks of discarded and of refused messages', async () => {
    const domain = await addDomain(store);
    const discarded = store.open();
    await writeAll(discarded, octets(50 * CHUNK));
    discarded.discard();
    const refused = store.open();
    await writeAll(refused, octets(50 * CHUNK));
    await expect(refused.commit(newMessage(domain.id + 1))).rejects.toMatchObject({ code: 'failed' });
    const kept = await accept(store, newMessage(domain.id), octets(5 * CHUNK));
    await store.close();
    expect(count(folder.path, 'chunk')).toBe(5);
    expect(count(folder.path, 'upload')).toBe(0);
    store = await openSqliteStore({ directory: folder.path, exclusive: true });
    expect((await contentOf(store, kept)).equals(octets(5 * CHUNK))).toBe(true);
  });
});
