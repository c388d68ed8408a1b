import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BOUND_BY_MODES } from '../bound-by-modes.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { MIGRATIONS } from '../../src/store/sqlite/worker/migrations.js';
import {
  accept,
  addDomain,
  contentOf,
  digest,
  newMessage,
  octets,
  tempFolder,
  writeAll,
} from './fixtures.js';
import { count, databaseFile, nextLine, runChild, withDatabase } from './sqlite-fixtures.js';

describe('the data folder', () => {
  let temp: ReturnType<typeof tempFolder>;
  let directory: string;
  const open = (exclusive = true) => openSqliteStore({ directory, exclusive, chunkOctets: 1000 });
  const refusal = async (exclusive = true) => {
    const store = await open(exclusive).catch((error: unknown) => error);
    expect(store).toBeInstanceOf(Error);
    return store as Error & { code: string };
  };

  beforeEach(() => {
    temp = tempFolder();
    directory = join(temp.path, 'data');
  });
  afterEach(() => temp.remove());

  it('is made if it is missing, only for its owner', async () => {
    directory = join(temp.path, 'not', 'yet', 'there');
    const store = await open();
    await addDomain(store);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const suffix of ['', '-wal', '-shm']) {
      expect(statSync(databaseFile(directory) + suffix).mode & 0o077).toBe(0);
    }
    await store.close();
  });

  it('is refused if it is a file, or lies below one', async () => {
    writeFileSync(directory, 'a file');
    for (const exclusive of [true, false]) {
      const error = await refusal(exclusive);
      expect(error.code).toBe('unreadable');
      expect(error.message).toContain(directory);
      expect(error.message).toContain('not a folder');
    }
    directory = join(directory, 'below');
    expect((await refusal()).code).toBe('unreadable');
  });

  it('is refused if it cannot be written', async () => {
    mkdirSync(directory, { mode: 0o500 });
    const child = runChild('open.mjs', [directory], BOUND_BY_MODES);
    expect(await nextLine(child)).toBe('unreadable');
    expect(await child.exited).toBe(0);
  });

  it('is refused if its file is not a database, or is one of another program, and is left as it was', async () => {
    mkdirSync(directory);
    writeFileSync(
      databaseFile(directory),
      'this is not a database at all, only text of some length'.repeat(99),
    );
    expect(await refusal()).toMatchObject({ code: 'unreadable' });

    rmSync(databaseFile(directory));
    withDatabase(directory, (database) => database.exec('CREATE TABLE theirs (a)'));
    const before = readFileSync(databaseFile(directory));
    const error = await refusal();
    expect(error.code).toBe('unreadable');
    expect(error.message).toContain('other program');
    expect(readFileSync(databaseFile(directory))).toEqual(before);
  });

  it('is refused if a newer version wrote it, and opens again once the version fits', async () => {
    const store = await open();
    await store.close();
    withDatabase(directory, (database) => database.exec('PRAGMA user_version = 999'));
    for (const exclusive of [true, false]) {
      const error = await refusal(exclusive);
      expect(error.code).toBe('newer');
      expect(error.message).toContain(directory);
    }
    // The refusal has let the lock go.
    withDatabase(directory, (database) => database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`));
    await (await open()).close();
  });

  it('belongs to one server at a time', async () => {
    const store = await open();
    const error = await refusal();
    expect(error.code).toBe('in-use');
    expect(error.message).toContain(directory);
    await store.close();
    await (await open()).close();
  });

  it('is free again when its server has been killed', async () => {
    const server = runChild('commit.mjs', [directory, '1']);
    try {
      await nextLine(server);
      expect(await refusal()).toMatchObject({ code: 'in-use' });
    } finally {
      await server.kill();
    }
    await (await open()).close();
  });

  it('serves commands while a server runs, each seeing the changes of the other', async () => {
    const server = await open();
    const command = await open(false);
    const domain = await addDomain(command, 'example.com', 'token');
    expect(await server.domainByToken(digest('token'), 2000)).toEqual(domain);
    const id = await accept(server, newMessage(domain.id), octets(5000));
    expect((await command.messages({ limit: 5 })).map((message) => message.id)).toEqual([id]);
    expect((await contentOf(command, id)).equals(octets(5000))).toBe(true);
    await command.close();
    await server.close();
  });

  it("a command leaves the server's messages in flight alone", async () => {
    const server = await open();
    const domain = await addDomain(server);
    const draft = server.open();
    await writeAll(draft, octets(20_000));
    await server.domains(); // Whatever was handed over before is written by now.
    expect(count(directory, 'chunk')).toBeGreaterThan(0);
    const command = await open(false);
    expect(await contentOf(command, draft.id)).toHaveLength(0);
    await command.close();
    await draft.commit(newMessage(domain.id));
    expect((await contentOf(server, draft.id)).equals(octets(20_000))).toBe(true);
    await server.close();
  });

  it('serves a server under load in another process', async () => {
    const server = runChild('commit.mjs', [directory, '8']);
    try {
      await nextLine(server);
      const command = await open(false);
      for (let round = 0; round < 30; round++) {
        await addDomain(command, `d${round}.example`);
        await nextLine(server);
      }
      expect(await command.domains()).toHaveLength(31);
      expect((await command.messages({ limit: 10 })).length).toBeGreaterThan(0);
      await command.close();
    } finally {
      await server.kill();
    }
    expect(server.errors()).toBe('');
  });
});
