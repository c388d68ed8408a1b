import { describe, expect, it } from 'vitest';
import { scratch } from '../scratch.js';
import { postern, runningStore } from './postern.js';

async function setUp() {
  const data = await scratch();
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  await store.addDomain('other.example', new Uint8Array(32).fill(2), 0);
  const run = (...args: string[]) => postern([...args, '--data', data]);
  return { data, store, id: domain?.id ?? 0, run };
}

describe.each([
  ['block', 'blocked'],
  ['allow', 'allowed'],
])('postern %s', (list, verdict) => {
  it('adds, lists and removes while a server runs', async () => {
    const { store, id, run } = await setUp();
    const added = await run(
      list,
      'add',
      'Who@Example.net',
      '--domain',
      'Example.com',
      '--reason',
      'asked us to',
      '--json',
    );
    expect([added.exitCode, added.stderr]).toEqual([0, '']);
    const entry = { domain: 'example.com', address: 'who@example.net', verdict, reason: 'asked us to' };
    expect(JSON.parse(added.stdout)).toMatchObject(entry);
    expect(await store.blockList.find(id, 'who@example.net')).toMatchObject(entry);
    await run(list === 'block' ? 'allow' : 'block', 'add', 'x@example.net', '--domain', 'example.com');
    const listed = await run(list, 'list', '--json');
    expect(
      listed.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([entry]);
    expect((await run(list, 'list')).stdout).toContain('who@example.net');
    expect((await run(list, 'list', '--domain', 'other.example')).stderr).toContain(
      `No address is ${verdict}.`,
    );
    const removed = await run(list, 'remove', 'WHO@example.net', '--domain', 'example.com');
    expect([removed.exitCode, removed.stdout]).toEqual([0, `who@example.net is ${verdict} no more.\n`]);
    expect(await store.blockList.find(id, 'who@example.net')).toBeNull();
  });

  it('says what is wrong, and what would help', async () => {
    const { run } = await setUp();
    const refused = async (...args: string[]) => {
      const { exitCode, stderr, stdout } = await run(list, ...args);
      expect(exitCode).not.toBe(0);
      expect(stdout).toBe('');
      return stderr;
    };
    expect(await refused('add', 'a@example.net')).toContain("required option '--domain <NAME>'");
    expect(await refused('add', 'a@example.net', '--domain', 'none.example')).toContain(
      '--domain none.example',
    );
    expect(await refused('list', '--domain', 'none.example')).toContain('postern domain list');
    expect(await refused('add', 'example.net', '--domain', 'example.com')).toContain('is not an address');
    expect(await refused('add', '<a@example.net>', '--domain', 'example.com')).toContain('is not an address');
    expect(await refused('add', `${'a'.repeat(243)}@example.net`, '--domain', 'example.com')).toContain(
      'is not an address',
    );
    expect(
      await refused('add', 'a@example.net', '--domain', 'example.com', '--reason', 'x'.repeat(301)),
    ).toContain('--reason');
    expect(await refused('remove', 'a@example.net', '--domain', 'example.com')).toContain(
      `postern ${list} list`,
    );
    const longest = await run(
      list,
      'add',
      `${'a'.repeat(242)}@example.net`,
      '--domain',
      'example.com',
      '--reason',
      'x'.repeat(300),
    );
    expect(longest.exitCode).toBe(0);
  });
});
