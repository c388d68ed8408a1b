import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { scratch } from '../scratch.js';
import { contentOf } from '../store/fixtures.js';
import { nextLine, runChild } from '../store/sqlite-fixtures.js';
import { spawnPostern } from './postern.js';

describe('postern backup', () => {
  it('copies everything that was acknowledged before it, also under load, and the copy opens', async () => {
    const folder = await scratch();
    const data = join(folder, 'data');
    const file = join(folder, 'copy.db');
    const server = runChild('commit.mjs', [data, '8']);
    const acknowledged: [id: number, hash: string][] = [];
    try {
      await nextLine(server);
      const more = async (): Promise<void> => {
        const [id = '', hash = ''] = (await nextLine(server)).split(' ');
        acknowledged.push([Number(id), hash]);
      };
      while (acknowledged.length < 200) await more();
      const copying = spawnPostern(['backup', file, '--data', data, '--json']);
      const expected = acknowledged.length;
      // The server goes on until the copy is there.
      const copied = new AbortController();
      void copying.then(() => copied.abort());
      while (!copied.signal.aborted) await more();
      const { stdout, stderr, exitCode } = await copying;
      expect([stderr, exitCode]).toEqual(['', 0]);
      expect(JSON.parse(stdout)).toMatchObject({ file });
      acknowledged.length = expected;
    } finally {
      await server.kill();
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['copy.db', 'data']);

    const restored = join(folder, 'restored');
    mkdirSync(restored);
    cpSync(file, join(restored, 'postern.db'));
    const store = await openSqliteStore({ directory: restored, exclusive: true });
    for (const [id, hash] of acknowledged) {
      expect(
        createHash('sha256')
          .update(await contentOf(store, id))
          .digest('hex'),
      ).toBe(hash);
    }
    await store.close();
  }, 60_000);

  it('replaces no file, and says what is wrong with a name', async () => {
    const folder = await scratch();
    const data = join(folder, 'data');
    await spawnPostern(['domain', 'add', 'example.com', '--data', data]);
    writeFileSync(join(folder, 'there'), 'kept');
    const there = await spawnPostern(['backup', join(folder, 'there'), '--data', data]);
    expect(there.exitCode).toBe(1);
    expect(there.stderr).toMatch(/exists already; give the name of a new file/);
    expect(statSync(join(folder, 'there')).size).toBe(4);
    const nowhere = await spawnPostern(['backup', join(folder, 'no/where'), '--data', data]);
    expect(nowhere.stderr).toMatch(/cannot write the backup .*ENOENT/);
    const none = await spawnPostern(['backup', join(folder, 'x'), '--data', join(folder, 'none')]);
    expect(none.stderr).toMatch(/there is no Postern data/);
    expect(readdirSync(folder).sort()).toEqual(['data', 'there']);
  });
});
