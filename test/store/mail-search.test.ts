import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idOfTime } from '../../src/store/intake/ids.js';
import type { MessageFilter } from '../../src/store/search.js';
import { openDatabase, type Database } from '../../src/store/sqlite/worker/database.js';
import type { Narrowing } from '../../src/store/narrowing.js';
import { Candidates } from '../../src/store/sqlite/worker/candidates.js';
import { Documents } from '../../src/store/sqlite/worker/documents.js';
import { MailSearch } from '../../src/store/sqlite/worker/mail-search.js';
import { tempFolder } from './fixtures.js';

const ROWS = 2500;
const START = Date.UTC(2026, 0, 1);
const ALL = { below: Number.MAX_SAFE_INTEGER, above: 0 };
const idAt = (number: number) => idOfTime(START + number * 1000);

describe('a page of a filter that holds for few among many', () => {
  let folder: ReturnType<typeof tempFolder>;
  let database: Database;

  beforeEach(() => {
    folder = tempFolder();
    database = openDatabase(folder.path);
    // One message a second. All have the tag `all`; the oldest two are of the second domain, the oldest has bounced.
    database.exec(`
      BEGIN;
      INSERT INTO domain (id, name, created_at) VALUES (1, 'many.example', 1), (2, 'few.example', 1);
      WITH RECURSIVE n (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM n WHERE at < ${ROWS - 1})
      INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address)
      SELECT ${idAt(0)} + at * 4096000, iif(at < 2, 2, 1), iif(at = 0, 'bounced', 'held'), 0, ${START} + at * 1000, '',
        '', '' FROM n;
      INSERT INTO tag (name, message_id, domain_id) SELECT 'all', id, domain_id FROM message;
      INSERT INTO tag (name, message_id, domain_id) VALUES ('one', ${idAt(3)}, 1);
      INSERT INTO time_span SELECT DISTINCT id / 14745600000, 0, 0 FROM message;
      COMMIT`);
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });

  const search = (on: Database) => new MailSearch(on, new Documents(on, () => null), null);

  it.each<[string, MessageFilter, number[]]>([
    ['a domain and a tag', { domains: ['few.example'], tags: ['all'] }, [1, 0]],
    ['a status and a tag', { statuses: ['bounced'], tags: ['all'] }, [0]],
    ['two tags', { tags: ['all', 'one'] }, [3]],
    ['a time and a tag', { tags: ['all'], since: START + 4000, until: START + 6000 }, [5, 4]],
    ['a time and a search', { search: [{ kind: 'before', time: START + 1000, negated: false }] }, [0]],
    [
      'a search for two statuses',
      {
        search: [
          { kind: 'status', status: 'held', negated: false },
          { kind: 'status', status: 'bounced', negated: false },
        ],
      },
      [],
    ],
  ])('is found in one step: %s', (_, filter, expected) => {
    const ids = expected.map(idAt);
    expect(search(database).step('all', filter, ALL, 10)).toEqual({ ids, next: null });
  });

  it.each<[string, Narrowing, number]>([
    ['the domain', { domainIds: [2], statuses: null, tags: ['all'] }, 2],
    ['the status', { domainIds: null, statuses: ['bounced'], tags: ['all'] }, 1],
    ['the second tag', { domainIds: [1], statuses: ['held'], tags: ['all', 'one'] }, 1],
  ])('takes candidates from the index that has the fewest: %s', (_, narrowing, expected) => {
    const source = new Candidates(database).sparsest(
      narrowing,
      { since: null, until: null, notifications: null },
      ALL,
      [],
    );
    expect(source.find(ALL, ROWS).ids).toHaveLength(expected);
  });

  it('takes the index that has as many if less is to be read of each message', () => {
    const times = { since: null, until: null, notifications: null };
    const narrowing: Narrowing = { domainIds: null, statuses: ['held'], tags: ['all'] };
    const candidates = new Candidates(database);
    // Of candidates of the status, the index of tags shows the rest. Of those of the tag, each message must be read.
    expect(candidates.sparsest(narrowing, times, ALL, []).holds).toEqual({ domains: false, statuses: true });
    const ofTag = { ...narrowing, statuses: null, domainIds: [1, 2] };
    expect(candidates.sparsest(ofTag, times, ALL, []).holds).toEqual({ domains: true, tag: 'all' });
  });

  it('goes on where it ended', () => {
    const found: number[] = [];
    let range = ALL;
    for (let next: number | null = 0; next !== null;) {
      const step = search(database).step('all', { tags: ['all'], domains: ['many.example'] }, range, 400);
      found.push(...step.ids);
      next = step.next;
      range = { below: next ?? 0, above: 0 };
    }
    expect(found).toEqual(Array.from({ length: ROWS - 2 }, (_, at) => idAt(ROWS - 1 - at)));
  });

  it('reads indexes from its position, whatever the conditions', () => {
    const prepared: string[] = [];
    const watched = new Proxy(database, {
      get: (target, name) =>
        name === 'prepare'
          ? (sql: string) => {
              prepared.push(sql);
              return target.prepare(sql);
            }
          : (Reflect.get(target, name) as unknown),
    });
    const domains = ['many.example', 'few.example'];
    const time = { since: START, until: START + 9000 };
    for (const filter of [
      {},
      time,
      { domains },
      { statuses: ['held'] },
      { tags: ['all'] },
      { domains, statuses: ['held'], tags: ['all', 'one'], ...time },
    ] satisfies MessageFilter[]) {
      search(watched).step('all', filter, ALL, 10);
    }
    expect(prepared.length).toBeGreaterThan(20);
    for (const sql of prepared) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
      // The lists of candidates and of domains are not tables, nor are rows of a tag. Of time_span there is a row for an hour.
      const details = plan
        .map(({ detail }) => detail)
        .filter((detail) => !/json_each|candidate|time_span|subquery/.test(detail));
      for (const detail of details) expect(detail).not.toMatch(/^SCAN|TEMP B-TREE/);
    }
  });
});
