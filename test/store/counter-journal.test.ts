/** Invariant: tables and what is not folded yet add up to what was added, at every step and after every end. */
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STORE } from '../../src/store/limits.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { CountedNames } from '../../src/store/sqlite/worker/counted-names.js';
import { CounterJournal, FOLD_AT } from '../../src/store/sqlite/worker/counter-journal.js';
import { TABLES } from '../../src/store/counting.js';
import type { Tally } from '../../src/store/sqlite/worker/tallies.js';
import { MIGRATIONS } from '../../src/store/sqlite/worker/migrations.js';
import { OTHER } from '../../src/store/statistics.js';
import { accept, addDomain, newMessage, tempFolder } from './fixtures.js';
import { nextLine, runChild, withDatabase } from './sqlite-fixtures.js';

const HOUR = 3_600_000;

type Database = InstanceType<typeof DatabaseSync>;

describe('the journal of counters', () => {
  let database: Database;
  /** The rows of the "table". They are kept in the database, so that a transaction can roll them back. */
  let journal: CounterJournal;

  function open(): CounterJournal {
    const add = database.prepare(
      'INSERT INTO sum VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    );
    return new CounterJournal(database, ({ name, counts }: Tally) => add.run(name, counts[1] ?? 0));
  }

  function commit(write: () => void): void {
    database.exec('BEGIN');
    write();
    journal.write();
    database.exec('COMMIT');
    journal.committed();
  }

  function step(): void {
    database.exec('BEGIN');
    const committed = journal.step();
    database.exec('COMMIT');
    committed();
  }

  function sums(reader = journal): Record<string, number> {
    const rows = database.prepare('SELECT name, count FROM sum').all() as { name: string; count: number }[];
    const all: Record<string, number> = Object.fromEntries(rows.map(({ name, count }) => [name, count]));
    for (const { name, counts } of reader.unfolded()) all[name] = (all[name] ?? 0) + (counts[1] ?? 0);
    return all;
  }

  const rows = () => (database.prepare('SELECT count(*) AS n FROM counter_journal').get() as { n: number }).n;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    for (const migration of MIGRATIONS) database.exec(migration);
    database.exec('CREATE TABLE sum (name TEXT PRIMARY KEY, count INTEGER)');
    journal = open();
  });
  afterEach(() => database.close());

  it('adds up at every step, for another reader and after every restart', () => {
    const expected: Record<string, number> = {};
    const other = open();
    const add = (round: number) => {
      commit(() => {
        for (let tag = 0; tag < 90; tag++) {
          const name = `t${(tag * 7 + round) % 150}`;
          journal.add(TABLES.counter, 1, HOUR, name, [0, round]);
          expected[name] = (expected[name] ?? 0) + round;
        }
      });
    };
    for (let round = 1; round < 70; round++) add(round);
    for (let at = 0; at < 40; at++) {
      step();
      if (at % 3 === 0) add(at + 1);
      expect(sums()).toEqual(expected);
      expect(sums(other)).toEqual(expected);
      if (at % 2 === 0) journal = open(); // As after the end of the process.
      expect(sums()).toEqual(expected);
    }
    while (rows() > 0) step();
    step();
    expect([...journal.unfolded()]).toEqual([]);
    expect(sums()).toEqual(expected);
    add(1);
    expect(sums()).toEqual(expected);
  });

  it('loses nothing when a step is taken back', () => {
    commit(() => journal.add(TABLES.counter, 1, HOUR, 'x', [0, 3]));
    for (let at = 0; at < 4; at++) {
      database.exec('BEGIN');
      journal.step();
      database.exec('ROLLBACK');
      expect(sums()).toEqual({ x: 3 });
      step();
      expect(sums()).toEqual({ x: 3 });
    }
  });

  it('drops what a transaction has gathered that is taken back', () => {
    commit(() => journal.add(TABLES.counter, 1, HOUR, 'x', [0, 1]));
    database.exec('BEGIN');
    journal.add(TABLES.counter, 1, HOUR, 'x', [0, 5]);
    journal.write();
    database.exec('ROLLBACK');
    journal.forget();
    expect(sums()).toEqual({ x: 1 });
    commit(() => journal.add(TABLES.counter, 1, HOUR, 'x', [0, 1]));
    expect(sums()).toEqual({ x: 2 });
  });

  it('is due when there is much, and until that is folded', () => {
    step();
    expect(journal.isDue).toBe(false);
    for (let at = 0; at < FOLD_AT.rows; at++) commit(() => journal.add(TABLES.gauge, 1, 0, 'queued', [0, 1]));
    expect(journal.isDue).toBe(true);
    let steps = 0;
    for (; journal.isDue; steps++) step();
    expect(steps).toBeGreaterThan(FOLD_AT.rows / 100);
    expect(rows()).toBe(0);
    expect(sums()).toEqual({ queued: FOLD_AT.rows });
  });

  it('keeps a bounded number of sums, however fast commits add new names', () => {
    const added = 1000;
    let most = 0;
    for (let round = 0; round < 200; round++) {
      commit(() => {
        for (let at = 0; at < added; at++) {
          journal.add(TABLES.counter, 1, HOUR, `t${round * added + at}`, [0, 1]);
        }
      });
      if (journal.isDue) step();
      if (round % 5 === 0) most = Math.max(most, [...journal.unfolded()].length);
    }
    // A frozen part that has grown to twice the limit, and what comes in while it is folded.
    expect(most).toBeLessThan(4 * FOLD_AT.tallies);
    while (journal.isDue) step();
    expect(Object.keys(sums()).length).toBe(200 * added);
  }, 60_000);

  it('keeps names with any characters apart', () => {
    const names = ['', ' ', 'a b', 'a  b', '50%', '%35', 'x\ny', '0 1 2 3', ',other', 'ü', '"'];
    commit(() => {
      for (const [at, name] of names.entries())
        journal.add(TABLES.counter, 1, HOUR, name, [0, at + 1, 17, 2]);
    });
    const expected = names.map((name, at) => {
      return { table: TABLES.counter, domainId: 1, at: HOUR, name, counts: [0, at + 1, 17, 2] };
    });
    expect([...journal.unfolded()]).toEqual(expected);
    expect([...open().unfolded()]).toEqual(expected);
  });

  it('takes in what another process has written, in its order', () => {
    const other = open();
    commit(() => journal.add(TABLES.counter, 1, HOUR, 'a', [0, 1]));
    const first = journal;
    journal = other;
    commit(() => journal.add(TABLES.counter, 1, HOUR, 'b', [0, 1]));
    journal = first;
    commit(() => journal.add(TABLES.counter, 1, HOUR, 'c', [0, 1]));
    expect([...journal.unfolded()].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});

describe('names that are counted by themselves', () => {
  it('end at the limit of a domain and day, and stay the same after a restart', () => {
    const database = new DatabaseSync(':memory:');
    for (const migration of MIGRATIONS) database.exec(migration);
    let names = new CountedNames(database, 0);
    const most = STORE.countedNames.initial;
    for (let at = 0; at < most; at++) expect(names.counted(1, 0, `t${at}`)).toBe(`t${at}`);
    for (let round = 0; round < 2; round++) {
      expect(names.counted(1, 0, 'one more')).toBe(OTHER);
      expect(names.counted(1, 23 * HOUR, `t${most - 1}`)).toBe(`t${most - 1}`);
      names = new CountedNames(database, 0);
    }
    expect(names.counted(2, 0, 'one more')).toBe('one more');
    expect(names.counted(1, 24 * HOUR, 'one more')).toBe('one more');
    expect(new CountedNames(database, 1).counted(1, 0, 'one more')).toBe('one more');
    database.close();
  });
});

describe('counters of a store', () => {
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  it('get one row for each group commit', async () => {
    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    const { id } = await addDomain(store);
    await Promise.all(Array.from({ length: 100 }, () => accept(store, newMessage(id, { tags: ['x', 'y'] }))));
    await store.close();
    const count = (table: string) =>
      withDatabase(folder.path, (database) => {
        return (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
      });
    expect(count('counter_journal')).toBeLessThan(20);
    expect(count('counter')).toBe(0);
  });

  it('equal a recount after kill -9, also while they are folded', async () => {
    for (let round = 0; round < 2; round++) {
      const server = runChild('settle.mjs', [folder.path]);
      expect(await nextLine(server)).toBe('ready');
      const most = 20 + Math.floor(Math.random() * 100);
      for (let settled = 0; settled < most; settled++) await nextLine(server);
      await server.kill();

      // Opening starts to fold what the server has left.
      const store = await openSqliteStore({ directory: folder.path, exclusive: true });
      const now = Date.now();
      for (const tag of [{}, { tag: 'one' }]) {
        const query = { unit: 'hour', since: now - 2 * HOUR, until: now + 2 * HOUR, ...tag } as const;
        const recount = await store.statistics.recount('all', query);
        expect(recount[0]?.accepted).toBeGreaterThan(0);
        expect(await store.statistics.counts('all', query)).toEqual(recount);
      }
      const [domain] = await store.domainRecords.list('all', { limit: 1 }, now);
      const statuses = new Map<string, number>();
      for (const { status } of await store.messages({ limit: 100_000 })) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      for (const [status, messages] of Object.entries(domain?.messages ?? {})) {
        expect([status, messages]).toEqual([status, statuses.get(status) ?? 0]);
      }
      await store.close();
    }
  }, 60_000);
});
