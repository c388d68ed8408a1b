/** Copies of whole stores, from each adapter to each other one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyStore } from '../../src/store/copy/copy.js';
import type { Source, Target } from '../../src/store/copy/port.js';
import { SECTIONS } from '../../src/store/copy/sections.js';
import type { Store } from '../../src/store/port.js';
import { openPostgresSource, openPostgresTarget } from '../../src/store/postgres/copy/index.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { openSqliteSource, openSqliteTarget } from '../../src/store/sqlite/copy.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { accept, newMessage, tempFolder } from './fixtures.js';
import { fill, seen } from './filled.js';
import { type Cluster, startCluster } from './postgres-cluster.js';
import { withDatabase } from './sqlite-fixtures.js';

let cluster: Cluster;
const cleanUp: (() => void)[] = [];
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(async () => {
  for (const remove of cleanUp) remove();
  await cluster.stop();
});

/** A place for one store, empty at first. */
interface Ground {
  readonly name: string;
  open(): Promise<Store>;
  source(): Promise<Source>;
  target(): Promise<Target>;
}

function sqlite(): Promise<Ground & { readonly path: string }> {
  const folder = tempFolder();
  cleanUp.push(() => folder.remove());
  const { path } = folder;
  return Promise.resolve({
    name: path,
    path,
    open: () => openSqliteStore({ directory: path, exclusive: true, chunkOctets: 65_536 }),
    source: () => openSqliteSource(path),
    target: () => openSqliteTarget(path),
  });
}

async function postgres(): Promise<Ground & { readonly url: string }> {
  const url = await cluster.database();
  return {
    name: url,
    url,
    open: () => openPostgresStore({ url, chunkOctets: 65_536 }),
    source: () => openPostgresSource(url),
    target: () => openPostgresTarget(url),
  };
}

const GROUNDS = { sqlite, postgres } as const;

async function use<T>(ground: Ground, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await ground.open();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function copy(from: Ground, to: Ground, between = (target: Target) => target): Promise<number> {
  const source = await from.source();
  try {
    const target = await to.target();
    try {
      const compared = await copyStore(source, between(target), () => undefined);
      return compared.reduce((sum, { rows }) => sum + rows, 0);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

describe.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['sqlite', 'sqlite'],
  ['postgres', 'postgres'],
] as const)('a copy from %s to %s', (from, to) => {
  it('shows the same to every reader, and goes on with its queue', async () => {
    const [there, here] = [await GROUNDS[from](), await GROUNDS[to]()];
    await use(there, (store) => fill(store));
    const before = await use(there, seen);
    expect(await copy(there, here)).toBeGreaterThan(100);
    expect(await use(here, seen)).toEqual(before);
    await use(here, async (store) => {
      const now = Date.now();
      const known = new Set((await store.messages({ limit: 1000 })).map(({ id }) => id));
      const [a] = await store.domains();
      const fresh = await accept(store, newMessage(a?.id ?? 0, { receivedAt: now, status: 'queued' }));
      expect(fresh).toBeGreaterThan(Math.max(...known));
      const waiting = (await store.queue.waiting({ limit: 1000 })).filter(
        ({ nextAttemptAt }) => nextAttemptAt <= now,
      );
      const due = new Set(waiting.map(({ id }) => id));
      const leases = await store.queue.lease({
        now: now + 500,
        until: now + 60_000,
        limit: 1000,
        perDomain: 1000,
      });
      expect(leases.map(({ id }) => id).sort()).toEqual([...due].sort());
      expect(due.size).toBeGreaterThan(5);
      const events = await store.webhooks.leaseEvents({ now: now + 500, until: now + 60_000, limit: 1000 });
      expect(events.length).toBeGreaterThan(5);
      const last = events.map(({ event }) => event).sort((one, two) => two - one)[0] ?? 0;
      const called = await store.webhookCalls.list('all', { limit: 10 });
      expect(last).toBeGreaterThan(called[0]?.event ?? 0);
    });
  }, 60_000);
});

it.each([
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
] as const)(
  'a copy from %s to %s that is interrupted at every page goes on each time',
  async (from, to) => {
    const [there, here] = [await GROUNDS[from](), await GROUNDS[to]()];
    await use(there, (store) => fill(store, 60));
    const before = await use(there, seen);
    /** Fails once before each write, and once after it, as a process does that is killed there. */
    const done = new Set<string>();
    const interrupted = (target: Target): Target => {
      const wrap = async (name: string, write: () => Promise<void>): Promise<void> => {
        for (const moment of ['before', 'after']) {
          const first = !done.has(`${moment} ${name}`);
          done.add(`${moment} ${name}`);
          if (first && moment === 'before') throw new Error('interrupted');
          if (moment === 'before') await write();
          else if (first) throw new Error('interrupted');
        }
      };
      return {
        ...bound(target),
        write: (section, rows, progress) =>
          wrap(`${section.name} ${String(rows[0]?.slice(0, section.key))}`, () =>
            target.write(section, rows, progress),
          ),
        complete: (progress, last) => wrap('complete', () => target.complete(progress, last)),
      };
    };
    let runs = 0;
    for (let ended = false; !ended; runs++) {
      ended = await copy(there, here, interrupted).then(
        () => true,
        (error: unknown) => {
          expect(String(error)).toBe('Error: interrupted');
          return false;
        },
      );
      // Servers and commands refuse what is only half there.
      if (!ended && runs === 20)
        await expect(here.open()).rejects.toThrow(/is not finished: go on with the same/);
    }
    expect(runs).toBeGreaterThan(40);
    expect(await use(here, seen)).toEqual(before);
  },
  120_000,
);

function bound(target: Target): Target {
  return {
    place: target.place,
    count: (section) => target.count(section),
    read: (section, after) => target.read(section, after),
    lastNumbers: () => target.lastNumbers(),
    close: () => target.close(),
    progress: () => target.progress(),
    write: (section, rows, progress) => target.write(section, rows, progress),
    complete: (progress, last) => target.complete(progress, last),
    finish: () => target.finish(),
  };
}

describe('a copy is refused', () => {
  it.each(['sqlite', 'postgres'] as const)('while a server uses its source or target on %s', async (kind) => {
    const [busy, other] = [await GROUNDS[kind](), await sqlite()];
    await use(other, (store) => fill(store, 1));
    const message = /another server runs on the data folder|a server or command uses the database/;
    const server = await busy.open();
    try {
      await expect(copy(busy, await sqlite())).rejects.toMatchObject({
        code: 'in-use',
        message: expect.stringMatching(message),
      });
      await expect(copy(other, busy)).rejects.toMatchObject({
        code: 'in-use',
        message: expect.stringMatching(message),
      });
    } finally {
      await server.close();
    }
    // And no server starts while the copy works.
    const target = await busy.target();
    await expect(busy.open()).rejects.toMatchObject({ code: 'in-use' });
    await expect(busy.target()).rejects.toMatchObject({ code: 'in-use' });
    await target.close();
    await use(busy, (store) => store.domains());
  });

  it.each(['sqlite', 'postgres'] as const)('if its target on %s has anything', async (kind) => {
    const [there, here] = [await sqlite(), await GROUNDS[kind]()];
    await use(there, (store) => fill(store, 1));
    await use(here, (store) => store.administrator.setPassword('x', { onlyIfNone: true }));
    await expect(copy(there, here)).rejects.toThrow(/is not empty \(it has rows in setting\)/);
    expect(await use(here, (store) => store.administrator.password())).toBe('x');
  });

  it.each(['sqlite', 'postgres'] as const)(
    'if its source on %s has changed since it was interrupted',
    async (kind) => {
      const [there, here] = [await GROUNDS[kind](), await sqlite()];
      await use(there, (store) => fill(store, 3));
      const stop = (target: Target): Target => ({
        ...bound(target),
        write: (section, rows, progress) =>
          section.name === 'chunk'
            ? Promise.reject(new Error('stop'))
            : target.write(section, rows, progress),
      });
      await expect(copy(there, here, stop)).rejects.toThrow('stop');
      await expect(copy(await sqlite(), here)).rejects.toThrow(
        /was interrupted; finish it with the same command/,
      );
      await use(there, (store) => store.rotateToken('a.example', new Uint8Array(32), 0, 5));
      await expect(copy(there, here)).rejects.toThrow(
        /differs from .* in token at [0-9a-f]{64}: a server ran on one/,
      );
      await expect(here.open()).rejects.toThrow(/is not finished/);
      await use(there, async (store) => {
        const [domain] = await store.domains();
        await accept(store, newMessage(domain?.id ?? 0));
      });
      await expect(copy(there, here)).rejects.toThrow(/has changed since its copy to .* was interrupted/);
    },
  );
});

it('refuses stores of a newer version, and leaves them as they are', async () => {
  const [folder, database, other] = [await sqlite(), await postgres(), await sqlite()];
  for (const ground of [folder, database, other]) await use(ground, (store) => store.domains());
  withDatabase(folder.path, (file) => file.exec('PRAGMA user_version = 999'));
  await cluster.query(database.url, 'UPDATE schema_version SET version = 999, least = 999');
  for (const newer of [folder, database]) {
    await expect(copy(newer, other)).rejects.toMatchObject({ code: 'newer' });
    await expect(copy(other, newer)).rejects.toMatchObject({ code: 'newer' });
  }
  await use(other, (store) => store.domains());
});

it('finds an octet of a content that differs', async () => {
  const [there, here] = [await sqlite(), await sqlite()];
  await use(there, (store) => fill(store, 3));
  const damage = (target: Target): Target => ({
    ...bound(target),
    write: (section, rows, progress) => {
      if (section.name !== 'chunk') return target.write(section, rows, progress);
      const changed = rows.map((row) => [...row]);
      const octets = Uint8Array.from(changed[0]?.[2] as Uint8Array);
      octets[5] = (octets[5] ?? 0) ^ 1;
      if (changed[0] !== undefined) changed[0][2] = octets;
      return target.write(section, changed, progress);
    },
  });
  await expect(copy(there, here, damage)).rejects.toThrow(/differs from .* in chunk at \d+ 0/);
});

describe('what a copy consists of', () => {
  /** Made anew from the rest, or of processes that have ended; the sections say which. */
  const LEFT_OUT = {
    both: ['tag', 'upload', 'search_journal'],
    sqlite: ['last_lease', 'counter_journal', 'counter_fold', 'sqlite_sequence', 'tag_count'],
    postgres: [
      ...['accept_group', 'counter_delta', 'mail_change', 'node', 'schema_version'],
      ...['search_block', 'search_document', 'rate', 'auth_failure', 'tag_count', 'tag_delta'],
    ],
  };
  const COLUMNS_LEFT_OUT = [
    ...['queue.lease', 'queue.attempting', 'queue.slot', 'webhook_event.leased', 'webhook_event.attempting'],
    ...['webhook_event.lease', 'webhook_event.slot', 'webhook_event.rank', 'idempotency_key.node'],
  ];

  /** Expects each column of each table to be in a section, or to be left out on purpose. */
  function expectWhole(columns: readonly (readonly [string, string])[], leftOut: readonly string[]): void {
    const known = new Set(
      SECTIONS.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`)),
    );
    const unknown = columns
      .filter(([table]) => !leftOut.includes(table))
      // The priority has the other sign there.
      .map(([table, column]) =>
        table === 'queue' && column === 'rank' ? 'queue.priority' : `${table}.${column}`,
      )
      .filter((column) => !known.has(column) && !COLUMNS_LEFT_OUT.includes(column));
    expect(unknown).toEqual([]);
  }

  it('has every column of the tables in SQLite', async () => {
    const ground = await sqlite();
    await use(ground, (store) => store.domains());
    const columns = withDatabase(ground.path, (database): unknown =>
      database
        .prepare(
          `SELECT m.name AS "table", c.name AS "column" FROM sqlite_schema m JOIN pragma_table_info(m.name) c
            WHERE m.type = 'table'`,
        )
        .all(),
    ) as { table: string; column: string }[];
    expect(columns.length).toBeGreaterThan(100);
    expectWhole(
      columns.map(({ table, column }) => [table, column]),
      [...LEFT_OUT.both, ...LEFT_OUT.sqlite],
    );
  });

  it('has every column of the tables in PostgreSQL', async () => {
    const ground = await postgres();
    await use(ground, (store) => store.domains());
    const columns = await cluster.query(
      ground.url,
      `SELECT c.relname AS "table", a.attname AS "column" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attnum > 0 AND NOT a.attisdropped`,
    );
    expect(columns.length).toBeGreaterThan(100);
    expectWhole(
      columns.map(({ table, column }) => [String(table), String(column)]),
      [...LEFT_OUT.both, ...LEFT_OUT.postgres],
    );
  });
});
