// What the command line of `postern bench` takes, and what it says of itself, before and after a run.
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSink } from '../../src/load/index.js';
import { postern, spawnPostern } from '../cli/postern.js';
import { hostileServer } from '../client/hostile-server.js';
import { scratch } from '../scratch.js';
import { sinkPlan } from './plan.js';

async function sinkPort(dump: string | null = null): Promise<number> {
  const running = await startSink(sinkPlan({ dump }));
  onTestFinished(async () => {
    await running.close(0);
  });
  return running.listening[0]?.port ?? 0;
}

it('--help shows defaults as they are typed', async () => {
  const { stdout } = await postern(['bench', '--help']);
  const flat = stdout.replace(/\s+/g, ' ');
  expect(flat).toContain('1k:80,64k:15,1m:5 (default: 1k)');
  expect(flat).toContain('for each reply (default: 60s)');
  expect(flat).toContain('when the duration is over (default: 10s)');
  expect(flat).not.toMatch(/default: (0|\[|\d{4,})/);
});

it.each(['bench', 'sink'])('%s --help lists only options that the command uses', async (command) => {
  const { stdout } = await postern([command, '--help']);
  expect(stdout).not.toMatch(/--data|--config/);
  expect((await postern(['messages', '--help'])).stdout).toMatch(/--data[^]*--config/);
});

it.each([
  [['smtp://127.0.0.1:1', '--arrivals', 'fixed'], /--arrivals needs --rate or --stages/],
  [['smtp://127.0.0.1:1', '--tls-resume'], /--tls-resume needs smtps:\/\/ or --starttls/],
  [['127.0.0.1:1'], /it begins with none of smtp:\/\/, smtps:\/\//],
  [['smtp://127.0.0.1:1/x'], /it has a path or a query/],
])('%j is refused with a reason', async (args, reason) => {
  const { exitCode, stdout, stderr } = await postern(['bench', ...args]);
  expect([exitCode, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(reason);
});

it('says what to write if TLS is used on a port that begins without it', async () => {
  const { stderr } = await postern(['bench', `smtps://127.0.0.1:${await sinkPort()}`]);
  expect(stderr).toMatch(
    /^postern: no TLS with 127\.0\.0\.1 port \d+: it answered with something that is not TLS \(ERR_SSL_WRONG_VERSION_NUMBER\); this port speaks no TLS at once: smtp:\/\/, and --starttls .*\n$/,
  );
});

it('refuses to run if the process may not open so many connections', async () => {
  const limited = ['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh'];
  const args = ['bench', `smtp://127.0.0.1:${await sinkPort()}`, '-n', '1', '-c', '200'];
  const { exitCode, stdout, stderr } = await spawnPostern(args, { via: limited });
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/EMFILE.*; this process may open no more files: fewer --connections, or/);
});

describe('a file that cannot be written', () => {
  it.each(['--html', '--save'])('%s: is reported before anything is connected to', async (option) => {
    let connections = 0;
    const port = await hostileServer(() => connections++);
    const folder = await scratch();
    for (const file of [folder, join(folder, 'none', 'file')]) {
      const outcome = await postern(['bench', `smtp://127.0.0.1:${port}`, '-n', '1', option, file]);
      expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
      expect(outcome.stderr).toContain(`postern: cannot write ${file}: `);
    }
    expect(connections).toBe(0);
  });

  it.skipIf(!existsSync('/dev/full'))('costs neither the table nor the other file', async () => {
    const page = join(await scratch(), 'page.html');
    const options = ['-n', '2', '--save', '/dev/full', '--html', page];
    const outcome = await postern(['bench', `smtp://127.0.0.1:${await sinkPort()}`, ...options]);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toMatch(/^messages +2 accepted$/m);
    expect(outcome.stderr).toContain('postern: cannot write /dev/full: ENOSPC');
    expect(await readFile(page, 'utf8')).toContain('messages/s');
  });
});

it('every {n} of --to is the number', async () => {
  const dump = await scratch();
  const url = `SMTP://127.0.0.1:${await sinkPort(dump)}`;
  const { exitCode } = await postern(['bench', url, '-n', '2', '-c', '1', '--to', '{n}@d{n}.example.net']);
  expect(exitCode).toBe(0);
  const envelope = JSON.parse(await readFile(join(dump, '00000002.json'), 'utf8')) as unknown;
  expect(envelope).toMatchObject({ to: ['0000000001@d0000000001.example.net'] });
});

describe('the table', () => {
  it('says that a warm-up has left nothing to measure', async () => {
    const url = `smtp://127.0.0.1:${await sinkPort()}`;
    const { stdout } = await postern(['bench', url, '-n', '4', '-c', '2', '--warmup', '10m']);
    expect(stdout).toMatch(/^connections 0 opened, 2 in the warm-up$/m);
    expect(stdout).toMatch(/^! All messages ended within the warm-up: nothing was measured\./m);
  });

  it('has the ramp, and does not call a generator saturated that has only begun', async () => {
    const url = `smtp://127.0.0.1:${await sinkPort()}`;
    const { stdout } = await postern(['bench', url, '-n', '4', '-c', '2', '--ramp', '50ms']);
    expect(stdout).toMatch(/^load +closed loop, 2 connections, ramp of 0\.05 s, /m);
    expect(stdout).not.toContain('saturated');
  });
});
