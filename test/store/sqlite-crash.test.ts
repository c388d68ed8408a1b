/**
 * Invariant: a commit that has resolved is there, once and whole, however the process ends; what never
 * committed leaves nothing.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { contentOf, sha256, tempFolder } from './fixtures.js';
import { count, nextLine, runChild } from './sqlite-fixtures.js';

describe('after kill -9', () => {
  let folder: ReturnType<typeof tempFolder>;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.remove());

  it('chunks of a message in mid stream are removed at the next start', async () => {
    const server = runChild('stream.mjs', [folder.path]);
    expect(await nextLine(server)).toMatch(/^streaming \d+$/);
    await server.kill();
    expect(count(folder.path, 'chunk')).toBeGreaterThan(10);

    // A command that comes first must not remove them: it cannot know that the server is gone.
    await (await openSqliteStore({ directory: folder.path, exclusive: false })).close();
    expect(count(folder.path, 'chunk')).toBeGreaterThan(10);

    const store = await openSqliteStore({ directory: folder.path, exclusive: true });
    await store.close();
    expect(count(folder.path, 'chunk')).toBe(0);
    expect(count(folder.path, 'upload')).toBe(0);
  });

  it('every message whose commit resolved is there, whole, and no other is in part', async () => {
    const resolved = new Map<number, string>();
    for (let round = 0; round < 5; round++) {
      const server = runChild('commit.mjs', [folder.path, '10']);
      expect(await nextLine(server)).toBe('ready');
      const enough = resolved.size + 30 + Math.floor(Math.random() * 200);
      let killed: Promise<void> | undefined;
      for (let line = await server.lines.next(); line.done !== true; line = await server.lines.next()) {
        const [id, hash] = line.value.split(' ');
        // The kill may cut a line; then no message was reported by it.
        if (hash?.length === 64) resolved.set(Number(id), hash);
        if (resolved.size >= enough) killed ??= server.kill();
      }
      await killed;

      const store = await openSqliteStore({ directory: folder.path, exclusive: true });
      const listed = await store.messages({ limit: 100_000 });
      expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
      const hashes = new Map<number, string>();
      await Promise.all(
        listed.map(async ({ id, size }) => {
          const content = await contentOf(store, id);
          expect(content).toHaveLength(size);
          hashes.set(id, sha256(content));
        }),
      );
      for (const [id, hash] of resolved) expect(hashes.get(id)).toBe(hash);
      await store.close();
      expect(count(folder.path, 'upload')).toBe(0);
    }
    expect(resolved.size).toBeGreaterThan(150);
  }, 120_000);
});
