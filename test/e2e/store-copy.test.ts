/** `postern store copy`, as the operator of a running installation uses it. */
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { MAIN, type Outcome, spawnPostern } from '../cli/postern.js';
import { apiServer } from '../delivery/https/api-server.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { scratch } from '../scratch.js';
import { Talk } from '../server/talk.js';
import { seen } from '../store/filled.js';
import { type Cluster, startCluster } from '../store/postgres-cluster.js';
import { GatewayProcess, Running } from './gateway-process.js';
import { app, QUICK, send } from './sending.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** Returns what readers see of a store that no server uses. */
async function shown(place: { readonly data: string } | { readonly url: string }): Promise<unknown> {
  const store =
    'url' in place
      ? await openPostgresStore({ url: place.url })
      : await openSqliteStore({ directory: place.data, exclusive: false });
  try {
    return await seen(store, ['example.com']);
  } finally {
    await store.close();
  }
}

const copy = (from: string, to: string): Promise<Outcome> =>
  spawnPostern(['store', 'copy', '--from', from, '--to', to, '--json']);

it('moves what traffic left to a database and back; all is listed, and the queue goes on', async () => {
  const far = await startRemoteServer({
    behave: ({ phase, address }) =>
      phase !== 'rcpt'
        ? undefined
        : address === 'busy@example.net'
          ? '450 4.2.1 Busy'
          : address === 'unknown@example.net'
            ? '550 5.1.1 No such user'
            : undefined,
    extensions: { dsn: false },
  });
  let hookStatus = 503;
  const hook = await apiServer(() => ({ status: hookStatus }));
  const data = join(await scratch(), 'data');
  const environment = {
    ...QUICK,
    POSTERN_DELIVERY_RETRY_BASE: '1h',
    POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow',
  };
  const delivers = { ...environment, POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}` };

  // Without a route, mail is held.
  const first = await GatewayProcess.start({ data, environment });
  const held = await send(await app(first), { fields: 'X-OMS-Tags: held, ümlaut\r\n' });
  expect(await first.stop()).toBe(0);
  const set = ['webhook', 'set', 'example.com', hook.url, '--json'];
  const outcome = await spawnPostern(set, { environment: { ...environment, POSTERN_DATA: data } });
  expect(outcome.exitCode).toBe(0);
  await spawnPostern(['domain', 'dkim', 'example.com', '--algorithm', 'ed25519'], {
    environment: { POSTERN_DATA: data },
  });
  const second = await GatewayProcess.start({ data, environment: delivers });
  const talk = await app(second);
  const large = await send(talk, {
    fields: 'X-OMS-Tags: large\r\n',
    body: 'A line of text\r\n'.repeat(60_000),
  });
  await send(talk, { to: ['busy@example.net', 'you@example.net'] });
  await send(talk, { to: ['unknown@example.net'] });
  await second.says(/"sender notified"/);
  await expect.poll(() => far.received.length, { timeout: 20_000 }).toBe(3);
  await second.says(/"deferred"/);
  const refused = await copy(`sqlite:${data}`, await cluster.database());
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringMatching(/another server runs on/)]);
  await second.stop('SIGKILL');

  const before = await shown({ data });
  const url = await cluster.database();
  const there = await copy(`sqlite:${data}`, url);
  expect(there.exitCode, there.stderr).toBe(0);
  const report = JSON.parse(there.stdout) as { sections: { section: string; rows: number }[] };
  expect(report.sections.find(({ section }) => section === 'message')?.rows).toBe(5);
  expect(await shown({ url })).toEqual(before);

  const listed = (environment: Record<string, string>) =>
    spawnPostern(['messages', '--json'], { environment });
  expect(await listed({ POSTERN_STORE: url })).toEqual(await listed({ POSTERN_DATA: data }));

  hookStatus = 204;
  const start = { data, args: ['--store', url], environment: delivers };
  const third = await GatewayProcess.start(start);
  far.behave = () => undefined;
  const one = (command: string, id: string) =>
    spawnPostern([command, id], { environment: { POSTERN_STORE: url } });
  expect((await one('release', held)).exitCode).toBe(0);
  const queued = (await spawnPostern(['queue', '--json'], { environment: { POSTERN_STORE: url } })).stdout;
  for (const line of queued.split('\n').filter(Boolean))
    await one('retry', (JSON.parse(line) as { id: string }).id);
  const again = await Talk.greeted(third.port);
  expect(await again.signIn(second.token)).toMatch(/^235/);
  const fresh = await send(again);
  await expect.poll(() => far.received.length, { timeout: 20_000 }).toBe(6);
  const search = ['messages', '--json', '--search', 'subject:hello', '--tag', 'large'];
  await expect
    .poll(async () => (await spawnPostern(search, { environment: { POSTERN_STORE: url } })).stdout)
    .toContain(large);
  expect(hook.taken.length).toBeGreaterThan(0);
  expect(await third.stop()).toBe(0);

  const after = await shown({ url });
  expect(JSON.stringify(after)).toContain(fresh);
  const back = join(await scratch(), 'back');
  const returned = await copy(url, `sqlite:${back}`);
  expect(returned.exitCode, returned.stderr).toBe(0);
  expect(await shown({ data: back })).toEqual(after);
  const fourth = await GatewayProcess.start({ data: back, environment: delivers });
  const last = await Talk.greeted(fourth.port);
  expect(await last.signIn(second.token)).toMatch(/^235/);
  await send(last);
  await expect.poll(() => far.received.length, { timeout: 20_000 }).toBe(7);
}, 300_000);

it('goes on after kill -9, wherever it was, with the same command', async () => {
  const gateway = await GatewayProcess.start({ args: ['--http', 'off'] });
  const talk = await app(gateway);
  for (let n = 0; n < 12; n++) await send(talk, { body: `${'x'.repeat(70)}\r\n`.repeat(14_000) });
  await gateway.stop();
  const url = await cluster.database();
  const args = [MAIN, 'store', 'copy', '--from', `sqlite:${gateway.data}`, '--to', url, '--json'];
  const sections = new Set<unknown>();
  let outcome: number | null = null;
  for (let run = 0; outcome !== 0 && run < 40; run++) {
    const child = new Running(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    // Each run may write until the record of the copy says something new.
    const record = async (): Promise<unknown> =>
      (await cluster.query(url, "SELECT value FROM setting WHERE name = 'copy'").catch(() => []))[0]?.[
        'value'
      ];
    while (child.child.exitCode === null) {
      const now = await record();
      if (now === undefined || sections.has(now)) continue;
      sections.add(now);
      child.child.kill('SIGKILL');
      break;
    }
    outcome = await child.exited;
    if (outcome !== 0) expect(child.stderr).not.toMatch(/postern: /);
  }
  expect(outcome).toBe(0);
  expect(sections.size).toBeGreaterThan(2);
  expect(await shown({ url })).toEqual(await shown({ data: gateway.data }));
}, 300_000);

it('refuses options that make no sense, and shows no password', async () => {
  const folder = await scratch();
  for (const [from, to, code, words] of [
    ['folder', `sqlite:${folder}`, 2, /--from must be sqlite:DIR or a database/],
    [`sqlite:${folder}`, 'mysql://u:pass-word@h/x', 2, /--to must be sqlite:DIR or a database/],
    [`sqlite:${folder}`, `sqlite:${folder}/.`, 2, /name the same store/],
    [
      `sqlite:${folder}`,
      `sqlite:${folder}/b`,
      1,
      /there is no Postern data in .*; name the data folder of a server/,
    ],
    [
      'postgres://u:pass-word@127.0.0.1:1/x',
      `sqlite:${folder}`,
      1,
      /no database answers at 127\.0\.0\.1:1\/x/,
    ],
  ] as const) {
    const { exitCode, stdout, stderr } = await copy(from, to);
    expect([exitCode, stdout, stderr]).toEqual([code, '', expect.stringMatching(words)]);
    expect(stderr).not.toContain('pass-word');
  }
}, 120_000);
