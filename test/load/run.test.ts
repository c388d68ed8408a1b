// Runs of the generator against the sink, and against servers that stall or are not there: what the report says
// must be what happened.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type Plan,
  type Report,
  runPlan,
  type RunningSink,
  type SinkPlan,
  startSink,
} from '../../src/load/index.js';
import { postern } from '../cli/postern.js';
import { answering, hostileServer } from '../client/hostile-server.js';
import { scratch } from '../scratch.js';
import { planFor, sinkPlan } from './plan.js';

async function sink(plan: Partial<SinkPlan> = {}): Promise<{ running: RunningSink; port: number }> {
  const running = await startSink(sinkPlan(plan));
  onTestFinished(async () => {
    await running.close(0);
  });
  return { running, port: running.listening[0]?.port ?? 0 };
}

function expectSum({ messages }: Report, started: number): void {
  expect(messages.started).toBe(started);
  expect(messages.accepted + messages.refused + messages.lost).toBe(started);
}

describe('figures', () => {
  it.each<[string, Partial<Plan>]>([
    ['one command at a time', {}],
    ['PIPELINING, 5 recipients', { pipelining: true, recipients: 5 }],
    ['BDAT', { chunking: true, pipelining: true }],
    ['three messages a connection', { messagesPerConnection: 3 }],
    ['an open loop', { schedule: { perSecond: 2000, arrivals: 'poisson', ramp: 0 } }],
    [
      'an open loop with new connections',
      { messagesPerConnection: 1, schedule: { perSecond: 1000, arrivals: 'fixed', ramp: 0 } },
    ],
    [
      'a mix of sizes',
      {
        sizes: [
          { octets: 700, weight: 2 },
          { octets: 100_000, weight: 1 },
        ],
      },
    ],
    ['two threads', { threads: 2 }],
  ])('agree with what the sink has seen: %s', async (_, plan) => {
    const { running, port } = await sink();
    const report = await runPlan(planFor(port, plan));
    expectSum(report, 100);
    const counts = await running.close(1_000);
    expect(report.messages).toMatchObject({ accepted: 100, opened: counts.connections, unstarted: 0 });
    expect(counts).toMatchObject({
      accepted: 100,
      open: 0,
      refused: 0,
      recipients: 100 * (plan.recipients ?? 1),
    });
    expect(report.messages.octets).toBe(counts.octets);
    expect(report.latency.count).toBe(100);
    if (plan.sizes === undefined) expect(counts.octets).toBe(100 * 1024);
    expect(report.timeline.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(100);
  });

  it('tell refusals and lost messages apart', async () => {
    const { running, port } = await sink({ tempfail: 0.2, permfail: 0.1, disconnect: 0.1 });
    const report = await runPlan(planFor(port, { messages: 300 }));
    expectSum(report, 300);
    const counts = await running.close(1_000);
    const { accepted, tempfailed, permfailed, disconnected } = counts;
    expect(report.messages).toMatchObject({ accepted, refused: tempfailed + permfailed, lost: disconnected });
    for (const number of [tempfailed, permfailed, disconnected]) expect(number).toBeGreaterThan(5);
    expect(report.replies).toMatchObject({ 451: tempfailed, 554: permfailed });
    expect(report.faults.replies['451']).toMatch(/^451 4\.3\.0 /);
    expect(report.faults.errors).toMatchObject({ closed: { count: disconnected } });
  });

  it('leave the warm-up out', async () => {
    const { port } = await sink();
    const report = await runPlan(planFor(port, { messages: null, duration: 700, warmup: 250 }));
    expect(report.warmup.accepted).toBeGreaterThan(0);
    expect(report.messages.accepted).toBeGreaterThan(0);
    expect(report.latency.count).toBe(report.messages.accepted);
  });
});

it('no omission is coordinated: a message that was due while the server stalled has waited', async () => {
  const STALL = 500;
  let answered = 0;
  const port = await hostileServer((socket) => {
    socket.write('220 x\r\n');
    answering(socket, (line) => {
      if (line === 'DATA') return '354 go on\r\n';
      if (line !== '.') return /^(EHLO|MAIL|RCPT|QUIT)/.test(line) ? '250 ok\r\n' : null;
      if (++answered !== 20) return '250 ok\r\n';
      setTimeout(() => socket.write('250 ok\r\n'), STALL);
      return null;
    });
  });
  const schedule = { perSecond: 200, arrivals: 'fixed', ramp: 0 } as const;
  const report = await runPlan(planFor(port, { connections: 1, messages: 120, schedule }));
  expectSum(report, 120);
  // One message was slow; a hundred of them (200 a second, for half a second) were late. A closed loop sees the one.
  expect(report.service?.p90).toBeLessThan(STALL * 1000 * 0.5);
  expect(report.latency.p50).toBeGreaterThan(STALL * 1000 * 0.1);
  expect(report.latency.max).toBeGreaterThan(STALL * 1000 * 0.9);
});

it('a server that never answers is given up, and its messages are lost', async () => {
  const port = await hostileServer((socket) => {
    socket.write('220 x\r\n');
    answering(socket, (line) => (line.startsWith('EHLO') ? '250 x\r\n' : null));
  });
  const report = await runPlan(planFor(port, { duration: 100, messages: null, drain: 100 }));
  expectSum(report, 4);
  expect(report.messages.lost).toBe(4);
});

it('a run that is stopped still reports', async () => {
  const { running, port } = await sink();
  const stop = new Promise((resolve) => setTimeout(resolve, 300));
  const report = await runPlan(planFor(port, { messages: null, duration: 60_000 }), { stop });
  expect(report.interrupted).toBe(true);
  expectSum(report, report.messages.started);
  expect((await running.close(1_000)).accepted).toBe(report.messages.accepted);
});

it('messages are of the asked size, numbered, and the same for the same seed', async () => {
  const texts: string[] = [];
  for (let run = 0; run < 2; run++) {
    const dump = await scratch();
    const { running, port } = await sink({ dump });
    await runPlan(planFor(port, { messages: 3, recipients: 2, connections: 1 }));
    await running.close(1_000);
    const names = (await readdir(dump)).filter((name) => name.endsWith('.eml')).sort();
    const all = await Promise.all(names.map((name) => readFile(join(dump, name), 'latin1')));
    expect(all.map((text) => text.length)).toEqual([1024, 1024, 1024]);
    const envelope = JSON.parse(await readFile(join(dump, '00000002.json'), 'utf8')) as unknown;
    const to = ['rcpt0000000002@example.net', 'rcpt0000000003@example.net'];
    expect(envelope).toEqual({ from: 'bench@example.com', to });
    expect(all[1]).toContain('Subject: Postern bench, message 0000000002\r\n');
    texts.push((all[2] ?? '').replace(/^(Date|Message-ID): .*$/gm, ''));
  }
  expect(texts[0]).toBe(texts[1]);
});

describe('the command', () => {
  it.each([
    [['bench'], 2, /there is no URL/],
    [['bench', 'http://127.0.0.1:1'], 2, /none of smtp:\/\/, smtps:\/\//],
    [['bench', 'smtp://me:s3cret@x@127.0.0.1'], 1, /ECONNREFUSED|ENOTFOUND|no address|no connection/],
    [['bench', 'smtp://me:%zz@127.0.0.1:1'], 2, /user or password has a %/],
    [['bench', 'smtp://192.0.2.1:25'], 1, /192\.0\.2\.1 is not loopback; .*--i-own-this-server/],
    [['bench', 'smtp://127.0.0.1:1'], 1, /no connection to 127\.0\.0\.1 port 1: .*ECONNREFUSED/],
    [['bench', 'smtp://127.0.0.1:1', '--size', '1x'], 2, /--size.*It must be octets/],
    [['bench', 'smtp://127.0.0.1:1', '--rate', '0'], 2, /--rate/],
    [['bench', 'smtp://127.0.0.1:1', '--auth', 'PLAIN'], 2, /--auth needs USER:PASSWORD@/],
    [['bench', 'smtps://127.0.0.1:1', '--starttls'], 2, /contradicts smtps/],
    [['bench', 'smtp://127.0.0.1:1', '--from', 'a b@c'], 2, /--from: "a b@c" is not a valid SMTP path/],
    [['bench', '--compare', '/nowhere.json', '/nowhere.json'], 1, /cannot read \/nowhere\.json/],
    [['bench', '--compare', 'one.json'], 2, /--compare takes two/],
    [['sink', '--tempfail', '1.1'], 2, /a share from 0 to 1/],
    [['sink', '--tempfail', '.6', '--permfail', '.6'], 2, /more than all messages/],
    [['sink', '--listen', 'smtp://127.0.0.1:0?proxy=required'], 2, /knows no option "proxy"/],
  ])('%j: exit %i', async (args, expected, reason) => {
    const { exitCode, stdout, stderr } = await postern(args);
    expect([exitCode, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/s3cret|%zz/);
  });

  it('reports as text, as JSON and in a file, without the password; compares; exits 1 if nothing was accepted', async () => {
    const { port } = await sink();
    const folder = await scratch();
    const files = [join(folder, 'a.json'), join(folder, 'b.json')] as const;
    const url = `smtp://127.0.0.1:${port}`;
    const text = await postern(['bench', url, '-n', '20', '-c', '2', '--save', files[0]]);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(/^messages +20 accepted$/m);
    const json = await postern(['bench', url, '-n', '20', '-c', '2', '--json', '--save', files[1]]);
    expect(JSON.parse(json.stdout)).toMatchObject({ messages: { accepted: 20 } });
    const html = join(await scratch(), 'compared.html');
    const { stdout } = await postern(['bench', '--compare', ...files, '--html', html]);
    expect(await readFile(html, 'utf8')).toContain('<h2>Figures</h2>');
    expect(stdout).toMatch(/^messages\/s +[\d.,]+ +[\d.,]+ +[\d.]+×$/m);

    const { port: strict } = await sink({ permfail: 1 });
    const saved = join(folder, 'c.json');
    const failed = await postern([
      'bench',
      ...[`smtp://127.0.0.1:${strict}`, '-n', '4', '-c', '1', '--save', saved],
    ]);
    expect(failed).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no message was accepted') as string,
    });
    expect(failed.stdout).toMatch(/4 refused/);
    // A time that was not measured is a dash, and has no ratio.
    const report = JSON.parse(await readFile(saved, 'utf8')) as { latency: object };
    await writeFile(saved, JSON.stringify({ ...report, latency: { ...report.latency, p50: 0 } }));
    const { stdout: compared } = await postern(['bench', '--compare', files[0], saved]);
    expect(compared).toMatch(/^latency p50 +[\d.]+ \S+ +- +-$/m);
  });
});
