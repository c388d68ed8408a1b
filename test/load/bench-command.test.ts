// `postern bench` as a process, and its effect on the server that it loads.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../src/load/index.js';
import { postern } from '../cli/postern.js';
import { answering, hostileServer } from '../client/hostile-server.js';
import { GatewayProcess } from '../e2e/gateway-process.js';
import { until } from '../server/harness.js';
import { scratch } from '../scratch.js';
import { start, startOnTerminal, startSinkCommand } from './command.js';

const hasScript = spawnSync('script', ['--version']).status === 0;
const [own] = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ family, internal }) => family === 'IPv4' && !internal)
  .map(({ address }) => address);

/** Runs it in this process, if a process of its own would show nothing more. */
async function bench(...args: string[]): Promise<Report> {
  const { exitCode, stdout, stderr } = await postern(['bench', ...args, '--json']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

describe('Ctrl-C', () => {
  it('ends a run, which reports', async () => {
    const sink = await startSinkCommand('--json');
    const run = start(['bench', `smtp://127.0.0.1:${sink.port}`, '-d', '10m', '-c', '2', '--threads', '2']);
    let accepted = 0;
    const interval = setInterval(() => sink.child.kill('SIGUSR1'), 50);
    onTestFinished(() => clearInterval(interval));
    [, accepted = 0] = (await sink.says(/"accepted":([1-9]\d*)/)).map(Number);
    clearInterval(interval);
    expect(await run.stop('SIGINT')).toBe(0);
    expect(run.stdout).toMatch(/^! Stopped before its end\.$/m);
    const [, said = ''] = /^messages +([\d,]+) accepted$/m.exec(run.stdout) ?? [];
    expect(Number(said.replaceAll(',', ''))).toBeGreaterThanOrEqual(accepted);
    await sink.stop();
    expect(sink.stdout).toContain(`"accepted":${said.replaceAll(',', '')},`);
    // No terminal reads the output, so no progress was shown.
    expect(run.stderr).toBe('');
  });

  it('a second time ends it at once, even if the server has not replied', async () => {
    let mails = 0;
    const port = await hostileServer((socket) => {
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        if (line.startsWith('EHLO')) return '250 x\r\n';
        mails++;
        return null;
      });
    });
    const run = start(['bench', `smtp://127.0.0.1:${port}`, '-c', '1']);
    await until('a message', () => mails > 0);
    // A second signal that follows at once counts as the same one, as npm sends it on.
    const again = setInterval(() => run.child.kill('SIGINT'), 100);
    onTestFinished(() => clearInterval(again));
    run.child.kill('SIGINT');
    expect(await run.exited).toBeNull();
    expect(run.child.signalCode).toBe('SIGINT');
    expect(run.stdout).toBe('');
  });
});

describe('on a terminal', () => {
  it.skipIf(!hasScript).each([
    [
      'cols 200',
      /\d s of 1\.20 s · [\d,]+ accepted · [\d,.]+\/s · \d+ in flight · p50 [\d.]+ .?s · p99 [\d.]+ .?s · 0 errors/,
    ],
    // A narrow terminal, and one that does not know its width.
    ['cols 20', /\r\x1b\[2K\d s of 1\.20 s · .{3}\r/],
    ['cols 0', /\d s of 1\.20 s · [\d,]+ accepted · [\d,.]+\/s · \d+ in flight/],
  ])('of %s shows the progress, and then the report', async (stty, line) => {
    const { port } = await startSinkCommand();
    const run = startOnTerminal(stty, ['bench', `smtp://127.0.0.1:${port}`, '-d', '1200ms', '-c', '2']);
    expect([await run.exited, run.stdout]).toEqual([0, expect.stringMatching(line) as string]);
    // The last output on the line clears it.
    expect(run.stdout.slice(run.stdout.lastIndexOf('\x1b[2K'))).toMatch(/^\x1b\[2Ktarget +smtp:.*\r\n/);
  });
});

describe('the owner of the server', () => {
  it.skipIf(own === undefined)('is checked before anything is connected to', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.on('error', () => undefined).end('554 no\r\n');
    });
    server.listen(0, own);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const refused = await postern(['bench', `smtp://${own ?? ''}:${port}`]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain(`${own ?? ''} is not loopback; load is for servers of your own`);
    expect(connections).toBe(0);
    const outcome = await postern(['bench', `smtp://${own ?? ''}:${port}`, '--i-own-this-server']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toBe(
      'This is not loopback: --i-own-this-server was given.\npostern: the connection was refused: 554 no\n',
    );
    expect(connections).toBeGreaterThan(0);
  });

  it("is found by the host's name, and the run connects to the addresses that were checked", async () => {
    const sink = await startSinkCommand();
    const { messages } = await bench(`smtp://localhost:${sink.port}`, '-n', '4', '--per-connection', '1');
    expect(messages.accepted).toBe(4);
  });
});

describe('the options of a run', () => {
  it('work without TLS', async () => {
    const { port } = await startSinkCommand('--listen', 'smtp://127.0.0.1:0?auth=optional');
    const url = `127.0.0.1:${port}`;
    const some = ['-n', '12', '-c', '3'];

    const plain = await bench(`smtp://${url}`, ...some);
    expect(plain.replies).toEqual({ 220: 3, 221: 3, 250: 3 + 36, 354: 12 });
    const pipelined = await bench(`smtp://${url}`, ...some, '--pipelining', '--per-connection', '2');
    expect(pipelined.replies).toMatchObject({ 354: 12 });
    expect(pipelined.messages.opened).toBeGreaterThanOrEqual(6);
    const chunks = await bench(`smtp://${url}`, ...some, '--bdat', '-r', '4');
    expect(chunks.replies).toEqual({ 220: 3, 221: 3, 250: 3 + 12 * 6 });
    const believed = await bench(`smtp://me:s3cr%40t@${url}`, ...some);
    expect(believed.replies).toMatchObject({ 235: 3 });
    expect(believed.replies).not.toHaveProperty('334');
    expect(JSON.stringify(believed)).not.toMatch(/s3cr/);
    const login = await bench(`smtp://me:s3cr%40t@${url}`, ...some, '--auth', 'LOGIN');
    expect(login.replies).toMatchObject({ 235: 3, 334: 6 });

    const rate = ['-n', '30', '-c', '3', '--rate', '300'];
    const even = await bench(`smtp://${url}`, ...rate, '--arrivals', 'fixed', '--ramp', '100ms');
    expect(even.settings.schedule).toEqual({ perSecond: 300, arrivals: 'fixed', ramp: 100 });
    // Thirty at 300 a second, after a ramp that costs half of itself.
    expect(even.seconds).toBeGreaterThan(0.14);
    expect(even.service?.count).toBe(30);
    const chance = await bench(`smtp://${url}`, ...rate, '--threads', '2');
    expect(chance).toMatchObject({ messages: { accepted: 30 }, generator: { threads: 2 } });
    expect(chance.settings.schedule?.arrivals).toBe('poisson');
    const warm = await bench(
      `smtp://${url}`,
      '-c',
      '2',
      '-d',
      '300ms',
      '--warmup',
      '300ms',
      '--ramp',
      '100ms',
    );
    expect(warm.warmup.accepted).toBeGreaterThan(0);
    expect(warm.messages.accepted).toBeGreaterThan(0);
    expect(warm.settings.duration).toBe(600);
  });

  it('work with TLS, and on a page', async () => {
    const { port } = await startSinkCommand(
      ...['--tls-detect', '100ms', '--listen', 'smtp://127.0.0.1:0?tls=required&auth=required'],
    );
    const page = join(await scratch(), 'page.html');
    const some = ['-n', '6', '-c', '1', '--per-connection', '1'];
    // This comes first: the server remembers addresses of clients that speak without TLS, and greets them at once.
    const atOnce = await bench(`smtps://a:b@localhost:${port}`, ...some, '--tls-resume');
    expect(atOnce.messages).toMatchObject({ accepted: 6, opened: 6, resumed: 5 });
    const unverified = await postern(['bench', `smtps://a:b@127.0.0.1:${port}`, '--tls-verify']);
    expect(unverified).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unverified.stderr).toMatch(
      /^postern: no TLS with 127\.0\.0\.1 port \d+: its certificate is self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)\n$/,
    );
    const startTls = await bench(`smtp://a:b@127.0.0.1:${port}`, ...some, '--starttls', '--html', page);
    expect(startTls.replies).toEqual({ 220: 12, 221: 6, 235: 6, 250: 12 + 18, 354: 6 });
    expect(startTls.messages).toMatchObject({ accepted: 6, opened: 6, resumed: 0 });
    expect(await readFile(page, 'utf8')).toContain('STARTTLS');
  });
});

describe('what the server does not offer', () => {
  it.each([
    [['--pipelining'], 'the server offers no PIPELINING; leave --pipelining out'],
    [['--bdat', '--threads', '2'], 'the server offers no CHUNKING; leave --bdat out'],
    [['--starttls'], 'the server offers no STARTTLS; leave --starttls out'],
    [['AUTH'], 'the server offers no AUTH; leave USER:PASSWORD@ and --auth out'],
  ])('%j is reported before anything is sent', async (args, reason) => {
    const lines: string[] = [];
    const port = await hostileServer((socket) => {
      socket.write('220 x\r\n');
      answering(socket, (line) => {
        lines.push(line);
        return '250 x\r\n';
      });
    });
    const [credentials, options] = args[0] === 'AUTH' ? ['a:b@', []] : ['', args];
    const outcome = await postern(['bench', `smtp://${credentials}127.0.0.1:${port}`, ...options]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).toContain(`postern: ${reason}`);
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(new Set(lines)).toEqual(new Set(['EHLO localhost']));
  });
});

it('loads a gateway on its first start; with another sender it says what to do', async () => {
  const gateway = await GatewayProcess.start();
  const url = `smtp://${gateway.token}:${gateway.token}@127.0.0.1:${gateway.port}`;
  const { messages } = await bench(url, '-n', '20', '-c', '4', '--starttls');
  expect(messages.accepted).toBe(20);
  expect(await gateway.messages()).toHaveLength(20);
  const wrong = await postern(['bench', url, '-n', '2', '--from', 'bench@example.org']);
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stdout).toContain(
    'such as 550 5.7.1 Envelope sender must be of example.com or a domain below it',
  );
  expect(wrong.stderr).toMatch(
    /the replies say why; where it is the sender .*--from and --to give others\n$/,
  );
  expect(wrong.stdout + wrong.stderr).not.toContain(gateway.token);
});
