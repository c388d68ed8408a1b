/** A database in place of the data folder, as its users see it: commands, secrets, several processes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnPostern } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { Talk } from '../server/talk.js';
import { type Cluster, startCluster } from '../store/postgres-cluster.js';
import { GatewayProcess } from './gateway-process.js';
import { send } from './sending.js';

const SECRET = 'pass-that-nobody-sees';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** URL of a new database, with a password, which this cluster does not ask for. */
const database = async (): Promise<string> =>
  (await cluster.database()).replace('postern@', `postern:${SECRET}@`);

describe('--store URL', () => {
  it('is taken by the server and by all commands, and its password shows nowhere', async () => {
    const url = await database();
    const shown = url.replace(/\/\/.*@/, '//');
    const gateway = await GatewayProcess.start({ args: ['--store', url] });
    if (process.platform === 'linux') {
      const line = readFileSync(`/proc/${gateway.pid}/cmdline`, 'latin1');
      expect(line).toContain('--store postgres://[hidden]');
      expect(line).not.toContain(SECRET);
    }
    const talk = await Talk.greeted(gateway.port);
    await talk.signIn(gateway.token);
    const id = await send(talk);
    const run = (...args: string[]) => spawnPostern(args, { environment: { POSTERN_STORE: url } });
    const answers = [
      await run('messages'),
      await run('message', id, '--json'),
      await spawnPostern(['status', '--store', url, '--json']),
      await run('serve', '--print-config'),
      await run('domain', 'remove', 'missing.example'),
      await run('backup', 'file.db'),
    ];
    expect(answers.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 1, 1]);
    const [messages, , status, configuration, missing, backup] = answers;
    expect(messages?.stdout).toContain(id);
    expect(JSON.parse(status?.stdout ?? '')).toMatchObject({
      ready: true,
      source: shown,
      nodes: { running: 1, draining: 0, silent: 0 },
    });
    expect(configuration?.stdout).toContain(`url = "${shown}" # POSTERN_STORE`);
    expect(missing?.stderr).toContain(`in ${shown}`);
    expect(backup?.stderr).toMatch(/for a database, use pg_dump or pg_basebackup/);
    const said = answers.flatMap(({ stdout, stderr }) => [stdout, stderr]);
    expect([...said, gateway.stdout, gateway.stderr].join('\n')).not.toContain(SECRET);
    expect(await gateway.stop()).toBe(0);
  }, 60_000);

  it('is refused in words without its password, in the configuration and by the database', async () => {
    const url = await database();
    const run = (store: string) => spawnPostern(['domain', 'list', '--store', store]);
    for (const [store, words] of [
      [`mysql://u:${SECRET}@h/x`, /store\.url = \[secret\] \(--store\): .*postgres:\/\/USER:PASSWORD@HOST/],
      [`${url}_missing`, /does not exist; create it with CREATE DATABASE/],
      [url.replace(/:\d+\//, ':1/'), /no database answers at .*check the host/],
    ] as const) {
      const { exitCode, stderr } = await run(store);
      expect(exitCode).toBeGreaterThan(0);
      expect(stderr).toMatch(words);
      expect(stderr).not.toContain(SECRET);
    }
  });
});

describe('--processes N', () => {
  it('is refused with a data folder', async () => {
    const { exitCode, stderr } = await spawnPostern(['serve', '--processes', '2', '--print-config']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /processes = "2" \(--processes\): several processes need a database: store\.url \(\S+ \S+\) is not set$/m,
    );
  });

  it('runs so many servers on one port, replaces one that was killed, and stops them all', async () => {
    const url = await database();
    const data = join(await scratch(), 'data');
    const gateway = await GatewayProcess.start({
      data,
      args: ['--processes', '3', '--http', 'off'],
      environment: { POSTERN_STORE: url },
    });
    const running = async (): Promise<number[]> => {
      const rows = await cluster.query(
        url,
        'SELECT process FROM node WHERE name IS NOT NULL AND heartbeat_until > now() ORDER BY process',
      );
      return rows.map(({ process }) => Number(process));
    };
    const before = await running();
    expect(before).toHaveLength(3);
    expect(before).not.toContain(gateway.pid);
    const deliver = async (): Promise<void> => {
      const talk = await Talk.greeted(gateway.port);
      await talk.signIn(gateway.token);
      await send(talk);
      talk.socket.destroy();
    };
    for (let n = 0; n < 6; n++) await deliver();
    process.kill(before[0] ?? 0, 'SIGKILL');
    await gateway.says(/postern: process \d+ has ended by SIGKILL; another one is started/);
    await expect
      .poll(async () => (await running()).filter((one) => !before.includes(one)).length, { timeout: 20_000 })
      .toBe(1);
    await deliver();
    expect(await cluster.query(url, 'SELECT count(*)::int AS count FROM message')).toEqual([{ count: 7 }]);
    expect(await gateway.stop()).toBe(0);
    expect((await running()).filter((one) => one !== before[0])).toEqual([]);
    expect(gateway.stdout.match(/postern ready/g)).toHaveLength(1);
  }, 60_000);
});
