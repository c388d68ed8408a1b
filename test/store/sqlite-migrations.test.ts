import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { MIGRATIONS } from '../../src/store/sqlite/migrations.js';
import { NO_TERMS } from './contract-terms.js';
import { tempFolder } from './fixtures.js';
import { withDatabase } from './sqlite-fixtures.js';

describe('a database of an older version', () => {
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  /** Makes a database as the version was that knew the first `steps` of the schema, with one message. */
  function older(steps: number): void {
    openDatabase(folder.path).close();
    withDatabase(folder.path, (database) => {
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      for (const { name } of tables as { name: string }[]) database.exec(`DROP TABLE ${name}`);
      for (const step of MIGRATIONS.slice(0, steps)) database.exec(step);
      database.exec(`
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
});
