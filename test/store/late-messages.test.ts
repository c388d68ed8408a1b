// A message is noted as late only if its id is less than one that an earlier transaction has stored, and only as long as
// it is there.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/sqlite/worker/database.js';
import { LateMessages } from '../../src/store/sqlite/worker/late-messages.js';
import { tempFolder } from './fixtures.js';

describe('late messages', () => {
  let folder: ReturnType<typeof tempFolder>;
  let database: Database;
  let late: LateMessages;

  /** Stores messages in one transaction, in this order. */
  function store(...ids: readonly number[]): void {
    database.exec('BEGIN');
    for (const id of ids) {
      late.add(id, 1);
      database.exec(`
        INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address)
        VALUES (${id}, 1, 'held', 0, 0, '', '', '')`);
    }
    database.exec('COMMIT');
    late.forget();
  }

  const rows = () =>
    database.prepare('SELECT message_id AS id, above FROM late_message ORDER BY number').all() as object[];

  beforeEach(() => {
    folder = tempFolder();
    database = openDatabase(folder.path);
    database.exec(`INSERT INTO domain (id, name, created_at) VALUES (1, 'a.example', 1)`);
    late = new LateMessages(database);
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });

  it('have a row each; messages of one transaction have none, whatever their order', () => {
    store(30, 10, 20);
    expect(rows()).toEqual([]);
    store(25, 40);
    store(5, 50);
    expect(rows()).toEqual([
      { id: 25, above: 30 },
      { id: 5, above: 40 },
    ]);
  });

  it('lose their row with the message', () => {
    store(30);
    store(20);
    database.exec('DELETE FROM message WHERE id = 20');
    expect(rows()).toEqual([]);
  });
});
