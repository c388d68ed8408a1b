// `postern sink` as a process: its output for people and for programs, and its end.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPlan } from '../../src/load/index.js';
import { postern } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { start, startSinkCommand } from './command.js';
import { planFor } from './plan.js';

describe('for people', () => {
  it('says where it listens, its counts on request, and the totals at the end', async () => {
    const sink = await startSinkCommand('--permfail', '1');
    expect(sink.stdout).toBe(`postern sink ready smtp=127.0.0.1:${sink.port}\n`);
    await runPlan(planFor(sink.port, { messages: 7, connections: 2 }));
    sink.child.kill('SIGUSR1');
    // On standard error, so that standard output has only the beginning and the end.
    await sink.says(/^[\d.]+ s · 0 accepted .*· 2 connections, \d open · 7 permfailed$/m);
    expect(await sink.stop('SIGINT')).toBe(0);
    const [, last] = sink.stdout.split('\n');
    expect(last).toMatch(/^[\d.]+ s · 0 accepted .*· 7 permfailed$/);
    expect(sink.stderr.split('\n')).toHaveLength(2);
  });

  it('names all its ports, and both protocols', async () => {
    const ports = ['smtp://127.0.0.1:0', 'lmtp://127.0.0.1:0', 'smtp://127.0.0.1:0'];
    const sink = await startSinkCommand(...ports.flatMap((url) => ['--listen', url]));
    expect(sink.stdout).toMatch(
      /^postern sink ready smtp=127\.0\.0\.1:\d+,127\.0\.0\.1:\d+ lmtp=127\.0\.0\.1:\d+\n$/,
    );
  });

  it.each([
    ['smtp', []],
    ['lmtp', []],
    ['lmtp', ['--threads', '2']],
  ])('listens on a Unix socket, for %s with %j', async (protocol, more) => {
    const path = join(await scratch(), 'sink');
    const sink = start(['sink', '--listen', `${protocol}+unix://${path}`, ...more]);
    await sink.says(new RegExp(`^postern sink ready ${protocol}=${path}$`, 'm'));
    const { exitCode, stderr } = await postern([
      ...['bench', `${protocol}+unix://${path}`, '--messages', '3', '--json'],
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(await sink.stop('SIGTERM')).toBe(0);
    expect(sink.stdout).toMatch(/^[\d.]+ s · 3 accepted/m);
  });

  it.each([[[]], [['--threads', '2']]])('says what to do if the port is taken: %j', async (more) => {
    const sink = await startSinkCommand();
    const { exitCode, stdout, stderr } = await postern([
      ...['sink', '--listen', `smtp://127.0.0.1:${sink.port}`],
      ...more,
    ]);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^postern: the sink cannot start: .*EADDRINUSE.*; another one is given with --listen$/m,
    );
  });
});

it.each([
  [['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'], 'no port has TLS'],
  [['--tls-detect', '1s'], 'no port has TLS'],
  [['--listen', 'smtps://127.0.0.1:0', '--tls-cert', 'cert.pem'], 'go together'],
  [['--delay', '25d'], 'at most 24d'],
  [['--threads', '1000'], 'from 1 to 256'],
  [['--listen', 'lmtp+unix://sink'], 'no whole path of a socket'],
  [['--listen', 'smtps+unix:///tmp/sink'], 'it begins with none of'],
  [['--listen', 'smtp+unix:///tmp/sink?tls=optional'], 'the only option of a Unix socket is auth='],
  [['--tempfail', '0.6', '--permfail', '0.6'], 'more than all messages'],
])('refuses options that contradict each other: %j', async (args, why) => {
  const { exitCode, stderr } = await postern(['sink', '--listen', 'smtp://127.0.0.1:0', ...args]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(why)]);
});

it('prints the same for programs, in JSON, and regularly with --stats', async () => {
  const sink = await startSinkCommand('--json', '--stats', '100ms');
  await runPlan(planFor(sink.port, { messages: 5, connections: 1, recipients: 3 }));
  const counted = /^\{"event":"stats".*"accepted":5,.*\}$/m;
  await sink.says(counted);
  expect(await sink.stop('SIGTERM')).toBe(0);
  expect(sink.stderr).toBe('');
  const events = sink.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string });
  expect(events[0]).toEqual({
    event: 'ready',
    listening: [{ protocol: 'smtp', address: `127.0.0.1:${sink.port}` }],
  });
  expect(events.at(-1)).toEqual({
    event: 'end',
    seconds: expect.any(Number) as number,
    ...{ connections: 1, open: 0, accepted: 5, tempfailed: 0, permfailed: 0, disconnected: 0 },
    ...{ aborted: 0, recipients: 15, octets: 5 * 1024, refused: 0 },
  });
});

it('is as slow as it was asked to be, and keeps the mail', async () => {
  const dump = join(await scratch(), 'mail');
  const sink = await startSinkCommand('--delay', '200ms', '--slow-read', '20000', '--dump', dump);
  const plan = { messages: 2, connections: 2, sizes: [{ octets: 10_000, weight: 1 }] };
  const report = await runPlan(planFor(sink.port, plan));
  expect(report.messages.accepted).toBe(2);
  // Half a second for the content, and the delay. A timer may be early by a millisecond.
  expect(report.latency.min).toBeGreaterThan(690_000);
  expect((await readdir(dump)).sort()).toEqual([
    ...['00000001.eml', '00000001.json', '00000002.eml', '00000002.json'],
  ]);
  expect(await readFile(join(dump, '00000001.eml'), 'latin1')).toMatch(/^From: <bench@example\.com>\r\n/);
});

it.each([
  ['--delay', '1h'],
  ['--slow-read', '1'],
])('does not wait at a stop: %s %s', async (...slow) => {
  const sink = await startSinkCommand(...slow, '--json', '--stats', '50ms');
  const running = runPlan(planFor(sink.port, { messages: 1, connections: 1 }));
  // If it has not come yet, it comes within the grace time.
  await sink.says(/"open":1/);
  expect(await sink.stop('SIGINT')).toBe(0);
  expect((await running).messages).toMatchObject({ accepted: 0 });
  expect(JSON.parse(sink.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    ...{ event: 'end', connections: 1, open: 0, accepted: 0, aborted: 1 },
  });
});

it.skipIf(process.platform !== 'linux')(
  'ends if one of its processes ends, and reports the counts of the others',
  async () => {
    const dump = await scratch();
    const sink = await startSinkCommand('--threads', '2', '--json', '--dump', dump);
    await runPlan(planFor(sink.port, { messages: 20, connections: 4, messagesPerConnection: 1 }));
    // Connections go to any process that is free: the second one has seen the messages that it has kept.
    const others = (await readdir(dump)).filter((name) => /^1-.*\.eml$/.test(name)).length;
    const children = await readFile(`/proc/${sink.pid}/task/${sink.pid}/children`, 'utf8');
    const [first = 0] = children
      .trim()
      .split(' ')
      .map(Number)
      .sort((a, b) => a - b);
    process.kill(first, 'SIGKILL');
    expect(await sink.exited).toBe(1);
    expect(sink.stderr).toBe(
      'postern: a process of the sink ended, by SIGKILL; the counts are those of the others\n',
    );
    expect(JSON.parse(sink.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      event: 'end',
      accepted: others,
    });
  },
);

it('adds up the counts of all its processes, and ends well on a Ctrl-C that reaches all of them', async () => {
  const sink = await startSinkCommand('--threads', '2', '--json');
  const report = await runPlan(
    planFor(sink.port, { messages: 200, connections: 8, messagesPerConnection: 10 }),
  );
  sink.child.kill('SIGUSR1');
  await sink.says(/^\{"event":"stats".*"accepted":200,/m);
  // Several at a time: each question has its own answer.
  for (let asked = 0; asked < 3; asked++) sink.child.kill('SIGUSR1');
  process.kill(-sink.pid, 'SIGINT');
  expect(await sink.exited).toBe(0);
  const last = JSON.parse(sink.stdout.trimEnd().split('\n').at(-1) ?? '') as unknown;
  expect(last).toMatchObject({
    event: 'end',
    accepted: 200,
    recipients: 200,
    octets: report.messages.octets,
    connections: report.messages.opened,
    open: 0,
  });
  expect(sink.stderr).toBe('');
  // No process of the group is left.
  expect(() => process.kill(-sink.pid, 0)).toThrow('ESRCH');
});
