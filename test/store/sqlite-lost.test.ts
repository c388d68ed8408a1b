import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreError } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { accept, addDomain, newMessage, octets, tempFolder } from './fixtures.js';
import { databaseFile, withDatabase } from './sqlite-fixtures.js';

let temp: ReturnType<typeof tempFolder>;
let directory: string;

beforeEach(() => {
  temp = tempFolder();
  directory = join(temp.path, 'data');
});
afterEach(() => temp.remove());

describe('files that change under an open store', () => {
  it.each<[string, () => void]>([
    ['the database is deleted', () => rmSync(databaseFile(directory))],
    ['its log is deleted', () => rmSync(`${databaseFile(directory)}-wal`)],
    ['the folder is renamed', () => renameSync(directory, `${directory}.old`)],
    [
      'the database is replaced',
      () => {
        renameSync(databaseFile(directory), `${directory}.db`);
        writeFileSync(databaseFile(directory), 'another');
      },
    ],
  ])('%s: a commit is refused, and the store says why', async (_, change) => {
    const faults: StoreError[] = [];
    const store = await openSqliteStore({
      directory,
      exclusive: true,
      onFault: (fault) => faults.push(fault),
    });
    const domain = await addDomain(store);
    await accept(store, newMessage(domain.id), octets(100));
    expect(store.fault).toBeNull();
    change();
    await expect(accept(store, newMessage(domain.id), octets(100))).rejects.toMatchObject({ code: 'lost' });
    expect(store.fault?.message).toMatch(/was removed or replaced while the server runs/);
    await expect(store.domains()).rejects.toMatchObject({ code: 'lost' });
    expect(faults).toHaveLength(1);
    await store.close();
  });

  it('a read notices it as well, and a store at work is never lost', async () => {
    const store = await openSqliteStore({ directory, exclusive: true });
    const domain = await addDomain(store);
    for (let n = 0; n < 50; n++) await accept(store, newMessage(domain.id), octets(50_000));
    withDatabase(directory, (database) => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
    await accept(store, newMessage(domain.id), octets(100));
    expect(store.fault).toBeNull();
    rmSync(databaseFile(directory));
    await expect(store.domains()).rejects.toMatchObject({ code: 'lost' });
    await store.close();
  });
});

describe('a foreign transaction', () => {
  it('keeps writes waiting, and no read', async () => {
    const store = await openSqliteStore({ directory, exclusive: true });
    const domain = await addDomain(store);
    let stored = false;
    const other = new DatabaseSync(databaseFile(directory), { timeout: 5000 });
    other.exec('BEGIN IMMEDIATE');
    const late = accept(store, newMessage(domain.id), octets(100)).then(() => (stored = true));
    // Were a read to wait for the write, none of these would end before the transaction does.
    for (let n = 0; n < 20; n++) expect(await store.domains()).toHaveLength(1);
    expect(stored).toBe(false);
    other.exec('ROLLBACK');
    other.close();
    expect(await late).toBe(true);
    await store.close();
  });
});

describe('a folder that was tampered with', () => {
  it('is refused if the database is empty or missing beside a log', async () => {
    mkdirSync(directory);
    writeFileSync(`${databaseFile(directory)}-wal`, 'x'.repeat(5000));
    for (const empty of [false, true]) {
      if (empty) writeFileSync(databaseFile(directory), '');
      await expect(openSqliteStore({ directory, exclusive: true })).rejects.toMatchObject({
        code: 'unreadable',
        message: expect.stringMatching(empty ? /is empty, but/ : /is missing, but/) as string,
      });
      expect(statSync(`${databaseFile(directory)}-wal`).size).toBe(5000);
    }
  });

  it.each(['postern.db', 'postern.lock'])('is refused if %s is a FIFO', async (name) => {
    mkdirSync(directory);
    expect(spawnSync('mkfifo', [join(directory, name)]).status).toBe(0);
    await expect(openSqliteStore({ directory, exclusive: true })).rejects.toThrow(/is not a file/);
  });

  it.skipIf(process.platform !== 'linux')('is refused below /proc', async () => {
    await expect(openSqliteStore({ directory: '/proc/x/y', exclusive: true })).rejects.toMatchObject({
      code: 'unreadable',
    });
  });
});
