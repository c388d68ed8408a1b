import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { scratch } from '../scratch.js';
import { contentOf } from '../store/fixtures.js';
import { nextLine, runChild } from '../store/sqlite-fixtures.js';
import { app, send } from '../e2e/sending.js';
import { GatewayProcess } from '../e2e/gateway-process.js';
import { Talk } from '../server/talk.js';
import { spawnPostern } from './postern.js';

/** Lines of JSON, without members that change by themselves. */
function withoutTimes(stdout: string): unknown[] {
  const changing = new Set(['messages', 'lastUsedAt']);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line, (key, value: unknown) => (changing.has(key) ? null : value)) as unknown);
}

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

  it('restores a server: its messages, queue, domains, tokens, keys, lists and counters', async () => {
    const folder = await scratch();
    const file = join(folder, 'copy.db');
    // Nothing listens there, so the mail waits.
    const environment = { POSTERN_LOG_FORMAT: 'json', POSTERN_DELIVERY_RETRY_BASE: '200ms' };
    const first = await GatewayProcess.start({
      environment: { ...environment, POSTERN_DELIVER: 'smtp://127.0.0.1:1' },
    });
    const talk = await app(first);
    const ids = [
      await send(talk, { fields: 'X-OMS-Tags: a\r\n' }),
      await send(talk, { to: ['x@example.net', 'y@example.net'], fields: 'X-OMS-Tags: a, b\r\n' }),
    ];
    for (const words of [
      ['domain', 'add', 'second.example'],
      ['domain', 'dkim', 'example.com', '--algorithm', 'ed25519'],
      ['domain', 'dkim', 'example.com', '--on', '--anyway'],
      ['block', 'add', 'no@example.net', '--domain', 'example.com', '--reason', 'asked'],
      ['webhook', 'set', 'example.com', 'https://hooks.example/x', '--events', 'bounced'],
    ]) {
      expect(await first.postern(...words)).toMatchObject({ exitCode: 0 });
    }
    const contents = await Promise.all(ids.map((id) => first.raw(id)));
    const copied = await first.postern('backup', file);
    expect(copied).toMatchObject({ exitCode: 0, stderr: '' });
    expect(copied.stdout).toMatch(/copy\.db has 2 messages, \S+ [KM]iB\. To restore it/);
    // This one comes after the copy.
    const late = await send(talk);
    await first.stop();

    const data = join(folder, 'restored');
    mkdirSync(data, { mode: 0o700 });
    cpSync(file, join(data, 'postern.db'));
    const inbox = join(folder, 'inbox');
    const second = await GatewayProcess.start({
      data,
      environment: { ...environment, POSTERN_DELIVER: `maildir:${inbox}` },
    });
    for (const words of [
      ['domain', 'list'],
      ['block', 'list'],
      ['webhook', 'list'],
    ]) {
      const [before, after] = [
        await first.postern(...words, '--json'),
        await second.postern(...words, '--json'),
      ];
      expect(before.stdout).not.toBe('');
      expect(withoutTimes(after.stdout)).toEqual(withoutTimes(before.stdout));
    }
    // The queue goes on: what waited is delivered, once.
    await expect
      .poll(async () => (await second.messages('--status', 'delivered')).map(({ id }) => id).sort(), {
        timeout: 20_000,
      })
      .toEqual([...ids].sort());
    const delivered = readdirSync(join(inbox, 'new'));
    expect(delivered).toHaveLength(2);
    for (const name of delivered) {
      expect(readFileSync(join(inbox, 'new', name), 'latin1')).toMatch(/^DKIM-Signature: .*a=ed25519/m);
    }
    expect(await Promise.all(ids.map((id) => second.raw(id)))).toEqual(contents);
    expect((await second.messages()).map(({ id }) => id)).not.toContain(late);
    expect((await second.messages('--tag', 'a', '--tag', 'b')).map(({ id }) => id)).toEqual([ids[1]]);
    // The token of the first server signs in, and new mail has new ids.
    const again = await Talk.greeted(second.port);
    expect(await again.signIn(first.token)).toMatch(/^235/);
    const fresh = await send(again);
    expect(Number(fresh)).toBeGreaterThan(Math.max(...ids.map(Number)));
    expect(JSON.parse((await second.postern('status', '--json')).stdout)).toMatchObject({
      ready: true,
      numbers: { accepted: 3 },
    });
  }, 90_000);

  it('says of a copy that was interrupted what to remove', async () => {
    const folder = await scratch();
    const data = join(folder, 'data');
    await spawnPostern(['domain', 'add', 'example.com', '--data', data]);
    writeFileSync(join(folder, 'copy.db.part'), 'half');
    const { exitCode, stderr } = await spawnPostern(['backup', join(folder, 'copy.db'), '--data', data]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/copy\.db\.part exists: another backup .* was interrupted; remove it if none is/);
    expect(readdirSync(folder).sort()).toEqual(['copy.db.part', 'data']);
  });

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
