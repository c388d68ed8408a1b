import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/sqlite/worker/database.js';
import { Listing } from '../../src/store/sqlite/worker/listing.js';
import { tempFolder } from './fixtures.js';

const ROWS = 2500;

describe('a listing that finds little among many', () => {
  let folder: ReturnType<typeof tempFolder>;
  let database: Database;

  beforeEach(() => {
    folder = tempFolder();
    database = openDatabase(folder.path);
    // All have the tag; the oldest two alone are of the second domain, the oldest alone has bounced.
    database.exec(`
      BEGIN;
      INSERT INTO domain (id, name, created_at) VALUES (1, 'many.example', 1), (2, 'few.example', 1);
      WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ${ROWS})
      INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address)
      SELECT id, iif(id < 3, 2, 1), iif(id = 1, 'bounced', 'held'), 0, 0, '', '', '' FROM n;
      INSERT INTO tag (name, message_id, domain_id) SELECT 'all', id, domain_id FROM message;
      COMMIT`);
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });

  it.each([
    ['of one domain', { domain: 'few.example', status: null }, [2, 1]],
    ['of one status', { domain: null, status: 'bounced' as const }, [1]],
    ['of both', { domain: 'few.example', status: 'held' as const }, [2]],
  ])('goes through a tag in short steps, to its end: %s', (_, conditions, expected) => {
    const listing = new Listing(database);
    const found: number[] = [];
    let steps = 0;
    for (let before: number | null = ROWS + 1; before !== null; steps++) {
      const { ids, next } = listing.page({ tag: 'all', ...conditions, before, limit: 10 });
      found.push(...ids);
      before = next;
    }
    expect(found).toEqual(expected);
    expect(steps).toBe(3);
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
    new Listing(watched);
    expect(prepared.length).toBeGreaterThan(4);
    for (const sql of prepared) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
      for (const { detail } of plan) expect(detail).not.toMatch(/^SCAN|TEMP B-TREE/);
    }
  });
});
