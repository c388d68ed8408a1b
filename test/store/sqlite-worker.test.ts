import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { MIGRATIONS } from '../../src/store/sqlite/worker/migrations.js';
import { accept, addDomain, contentOf, newMessage, octets, tempFolder, writeAll } from './fixtures.js';
import { count, withDatabase } from './sqlite-fixtures.js';

describe('the store when its thread dies', () => {
  let folder: ReturnType<typeof tempFolder>;
  let store: Store;
  let workers: Set<Worker>;

  beforeEach(async () => {
    workers = new Set();
    // Every worker of the store that gets a post is noted, so that it can be killed. The one of the search index, which
    // starts after a while, gets others.
    const { postMessage } = Worker.prototype;
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (
      this: Worker,
      ...args: Parameters<typeof postMessage>
    ) {
      if (Object.hasOwn(Object(args[0]) as object, 'commits')) workers.add(this);
      postMessage.apply(this, args);
    });
    folder = tempFolder();
    store = await openSqliteStore({ directory: folder.path, exclusive: true, chunkOctets: 1000 });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await store.close();
    folder.remove();
  });

  async function killWorker(): Promise<void> {
    const alive = [...workers];
    for (const worker of alive) await worker.terminate();
    // Not those that the store has started meanwhile.
    for (const worker of alive) workers.delete(worker);
  }

  it('fails the calls under way and goes on with another thread', async () => {
    const domain = await addDomain(store);
    const kept = await accept(store, newMessage(domain.id), octets(5000));
    const streamed = store.open();
    await writeAll(streamed, octets(5000));
    await store.domains();
    const small = store.open();
    await small.write(octets(10));

    const call = store.messages({ limit: 1 });
    const failed = expect(call).rejects.toMatchObject({ code: 'failed' });
    await killWorker();
    await failed;

    // Messages that had not reached the dead thread are fine, and so is everything that was stored. A message that had
    // reached it may be finished or lost; it is whole or not there.
    await streamed.write(octets(5000));
    const finished = await streamed.commit(newMessage(domain.id)).then(
      () => true,
      () => false,
    );
    await small.commit(newMessage(domain.id));
    const listed = (await store.messages({ limit: 9 })).map(({ id }) => id);
    expect(listed).toEqual([small.id, ...(finished ? [streamed.id] : []), kept]);
    expect((await contentOf(store, kept)).equals(octets(5000))).toBe(true);
    expect(workers.size).toBe(1);

    // Closing tidies up: only the content of messages is left.
    await store.close();
    expect(count(folder.path, 'chunk')).toBe(finished ? 16 : 6);
    store = await openSqliteStore({ directory: folder.path, exclusive: true });
    const whole = finished ? Buffer.concat([octets(5000), octets(5000)]) : Buffer.alloc(0);
    expect(await contentOf(store, streamed.id)).toEqual(whole);
  });

  it('lets writers go on that waited for room', async () => {
    await store.close();
    store = await openSqliteStore({
      directory: folder.path,
      exclusive: true,
      chunkOctets: 1000,
      inFlightOctets: 5000,
    });
    const draft = store.open();
    const wait = draft.write(octets(50_000));
    expect(wait).toBeInstanceOf(Promise);
    await new Promise(setImmediate);
    await killWorker();
    await wait;
    await expect(draft.commit(newMessage(1))).rejects.toMatchObject({ code: 'failed' });
  });

  it('says so as long as no thread can start, and recovers when one can', async () => {
    await addDomain(store);
    withDatabase(folder.path, (database) => database.exec('PRAGMA user_version = 999'));
    await killWorker();
    await expect(store.domains()).rejects.toMatchObject({ code: 'failed' });
    await expect(store.domains()).rejects.toMatchObject({ code: 'failed' });
    withDatabase(folder.path, (database) => database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`));
    await vi.waitFor(async () => expect(await store.domains()).toHaveLength(1), { timeout: 10_000 });
  });

  it('leaves leases and events for webhooks as they were', async () => {
    const domain = await addDomain(store);
    const pair = { publicKey: octets(3), privateKey: octets(3) };
    const hook = { url: 'https://app.example/hook', events: ['email.queued' as const], keys: pair };
    await store.webhooks.set(domain.name, hook, 1);
    await accept(store, { ...newMessage(domain.id), status: 'queued', receivedAt: 1 });
    const request = { now: 10, until: 1000, limit: 9, perDomain: 9 };
    expect(await store.queue.lease(request)).toHaveLength(1);
    await killWorker();
    await vi.waitFor(() => store.domains(), { timeout: 10_000 });
    expect(await store.queue.lease(request)).toEqual([]);
    expect(await store.queue.lease({ ...request, now: 1000, until: 2000 })).toHaveLength(1);
    expect(await store.webhooks.nextEventDue()).toBe(1);
  });

  it('closes all the same', async () => {
    await addDomain(store);
    await killWorker();
    await store.close();
    await (await openSqliteStore({ directory: folder.path, exclusive: true })).close();
  });
});
