import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MessageFilter } from '../../src/store/search.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { MIGRATIONS } from '../../src/store/sqlite/worker/migrations.js';
import { NO_TERMS, tempFolder } from './fixtures.js';
import { withDatabase } from './sqlite-fixtures.js';

describe('a database of an older version', () => {
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  /** Makes a database as the version was that knew the first `steps` of the schema, with one message. */
  function older(steps: number): void {
    withDatabase(folder.path, (database) => {
      for (const step of MIGRATIONS.slice(0, steps)) database.exec(step);
      database.exec(`
        PRAGMA application_id = 1347638350;
        PRAGMA user_version = ${steps};
        INSERT INTO domain (id, name, created_at) VALUES (1, 'example.com', 1);
        INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address)
          VALUES (7, 1, 'held', 0, 0, '', 'app@example.com', '192.0.2.7');
        INSERT INTO recipient (message_id, position, forward_path, status) VALUES (7, 0, 'a@example.net', 'held')`);
    });
  }

  it.each(MIGRATIONS.map((_, at) => [at + 1]))('keeps its messages: schema %i', async (steps) => {
    older(steps);
    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    expect(await store.message(7)).toMatchObject({
      from: 'app@example.com',
      recipients: [{ forwardPath: 'a@example.net', status: 'held', notify: null, originalRecipient: null }],
      terms: NO_TERMS,
    });
    await store.close();
  });

  it('finds its messages by their time, although their ids show another one', async () => {
    older(9);
    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    const page = (filter: MessageFilter) => store.mail.page('all', { filter, limit: 5 });
    expect((await page({ until: 1 })).messages).toMatchObject([{ id: 7 }]);
    expect((await page({ since: 1 })).messages).toEqual([]);
    await store.close();
  });

  it('counts the tags of its messages', async () => {
    older(13);
    withDatabase(folder.path, (database) =>
      database.exec(`INSERT INTO tag (name, message_id, domain_id) VALUES ('x', 7, 1), ('y', 7, 1)`),
    );
    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    const counted = [
      { tag: 'x', messages: 1, lastUsed: 0 },
      { tag: 'y', messages: 1, lastUsed: 0 },
    ];
    expect(await store.statistics.tags('all', { limit: 9 })).toEqual(counted);
    expect(await store.statistics.tags({ domainId: 1 }, { limit: 9 })).toEqual(counted);
    await store.close();
  });

  it('puts what was scheduled onto the queue, and nothing else', async () => {
    older(2);
    withDatabase(folder.path, (database) =>
      database.exec(`
        INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address,
            release_at, priority)
          VALUES (8, 1, 'queued', 0, 10, 'app@example.com', 'app@example.com', '192.0.2.7', 5000, 3),
            (9, 1, 'queued', 0, 10, '', 'app@example.com', '192.0.2.7', NULL, 0);
        INSERT INTO recipient (message_id, position, forward_path, status)
          VALUES (8, 0, 'a@example.net', 'queued'), (8, 1, 'b@example.net', 'queued'), (9, 0, 'c@example.net', 'queued')`),
    );
    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    expect(
      (await store.queue.waiting({ limit: 10 })).map(({ id, nextAttemptAt }) => [id, nextAttemptAt]),
    ).toEqual([
      [8, 5000],
      [8, 5000],
      [9, 10],
    ]);
    const lease = (now: number) => store.queue.lease({ now, until: now + 9, limit: 9, perDomain: 9 });
    expect((await lease(4999)).map(({ id }) => id)).toEqual([9]);
    const [released] = await lease(5000);
    expect(released).toMatchObject({ id: 8, terms: { priority: 3 }, recipients: [{}, {}] });
    await store.close();
  });
});
