/** The queue as its operator knows it: what leaves, when, which way, and how he steps in, beside a running server. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../cli/postern.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { scratch } from '../scratch.js';
import { GatewayProcess, Running } from './gateway-process.js';
import { app, configured, delivering, output, lines, QUICK, send, recipientsOnce } from './sending.js';

describe('a smarthost', () => {
  it('that is not ready is tried again, until the message is delivered; both tries are on record', async () => {
    const far = await startRemoteServer({
      behave: ({ phase, connection, taken }) =>
        phase === 'rcpt' && connection === 0 && taken === 0 ? '451 4.7.1 Greylisted' : undefined,
    });
    const gateway = await delivering(`smtp://127.0.0.1:${far.port}`, { POSTERN_DELIVERY_RETRY_BASE: '1s' });
    const id = await send(await app(gateway));
    await gateway.says(/"deferred"/);
    far.behave = () => undefined;
    const [you] = await recipientsOnce(gateway, id, 'delivered');
    expect(you?.attempts).toMatchObject([
      { outcome: 'deferred', reply: '451 4.7.1 Greylisted', remoteHost: '127.0.0.1' },
      { outcome: 'delivered', reply: '250 2.0.0 Ok: message accepted' },
    ]);
    expect(lines(gateway, 'deferred')).toMatchObject([
      { id, to: 'you@example.net', next: expect.any(String) },
    ]);
    expect(far.received).toHaveLength(1);
    expect(await output(gateway, 'message', id)).toMatch(
      /deferred by 127\.0\.0\.1: 451 4\.7\.1 Greylisted\n/,
    );
  });

  it('that fails, refuses and cuts at random gets every message of a burst, or a bounce is on record', async () => {
    const dump = join(await scratch(), 'taken');
    const faults = ['--tempfail', '0.2', '--permfail', '0.1', '--disconnect', '0.1', '--seed', '7'];
    const sink = new Running(
      spawn(process.execPath, [MAIN, 'sink', '--listen', 'smtp://127.0.0.1:0', '--dump', dump, ...faults], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    await mkdir(dump, { recursive: true });
    const [, port = ''] = await sink.says(/^postern sink ready smtp=127\.0\.0\.1:(\d+)$/m);
    const gateway = await delivering(`smtp://127.0.0.1:${port}`);
    const talk = await app(gateway);
    const ids: string[] = [];
    for (let n = 0; n < 60; n++)
      ids.push(await send(talk, { to: [`n${n}@example.net`], rcpt: ' NOTIFY=NEVER' }));
    const statuses = async (): Promise<string[]> =>
      [...new Set((await gateway.messages()).map(({ status }) => status))].sort();
    await expect.poll(statuses, { timeout: 20_000, interval: 200 }).toEqual(['bounced', 'delivered']);
    const delivered = (await gateway.messages('--status', 'delivered')).map(({ to }) => to[0]);
    const taken = (await readdir(dump)).filter((name) => name.endsWith('.json'));
    const reached = await Promise.all(taken.map((name) => readFile(join(dump, name), 'utf8')));
    for (const address of delivered) {
      // A message that was cut after the final dot may be there twice, since Postern cannot know.
      expect(reached.filter((envelope) => envelope.includes(`"${address}"`)).length).toBeGreaterThan(0);
    }
    expect((await gateway.messages()).length).toBe(ids.length);
  });
});

it('what waits is listed with its reason, tried on demand, given up on demand', async () => {
  const far = await startRemoteServer({
    behave: ({ phase }) => (phase === 'mail' ? '450 4.3.2 Not today' : undefined),
  });
  const gateway = await delivering(`smtp://127.0.0.1:${far.port}`, { POSTERN_DELIVERY_RETRY_BASE: '1h' });
  const talk = await app(gateway);
  const [wanted, unwanted] = [await send(talk), await send(talk, { to: ['them@example.net'] })];
  await gateway.says(/"deferred"[^]*"deferred"/);
  const queue = async (): Promise<string[][]> =>
    (await output(gateway, 'queue', '--json'))
      .split('\n')
      .filter(Boolean)
      .map(
        (line) => JSON.parse(line) as { id: string; status: string; lastAttempt: { reply: string } | null },
      )
      .map(({ id, status, lastAttempt }) => [id, status, lastAttempt?.reply ?? '']);
  // A line of the log is written before the record that it is about.
  await expect.poll(queue, { timeout: 20_000, interval: 100 }).toEqual([
    [wanted, 'deferred', '450 4.3.2 Not today'],
    [unwanted, 'deferred', '450 4.3.2 Not today'],
  ]);
  expect(await output(gateway, 'cancel', unwanted)).toContain('1 recipient');
  far.behave = () => undefined;
  expect(await output(gateway, 'retry', wanted)).toContain('1 recipient');
  await recipientsOnce(gateway, wanted, 'delivered');
  expect(await recipientsOnce(gateway, unwanted, 'cancelled')).toMatchObject([
    { attempts: [{}, { outcome: 'cancelled' }] },
  ]);
  expect(far.received.map(({ recipients }) => recipients[0]?.address)).toEqual(['you@example.net']);
  expect((await gateway.postern('queue')).stderr).toBe('Nothing waits.\n');
});

it('without a way messages are held; they leave once there is one and they are released', async () => {
  const held = await GatewayProcess.start({ environment: QUICK });
  const talk = await app(held);
  const id = await send(talk);
  talk.socket.destroy();
  await recipientsOnce(held, id, 'held');
  expect((await held.postern('queue')).stderr).toBe('Nothing waits.\n');
  await held.stop();
  const far = await startRemoteServer();
  const gateway = await GatewayProcess.start({
    data: held.data,
    environment: { ...QUICK, POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}` },
  });
  await recipientsOnce(gateway, id, 'held');
  expect(await output(gateway, 'release', id)).toContain('1 recipient');
  await recipientsOnce(gateway, id, 'delivered');
  expect(far.received).toHaveLength(1);
});

it('routes go by domain and by tag, and on to the next way where one fails', async () => {
  const [first, tagged] = [await startRemoteServer(), await startRemoteServer()];
  const gone = await startRemoteServer();
  await gone.close();
  const gateway = await configured([
    `deliver = ["smtp://127.0.0.1:${gone.port}", "smtp://127.0.0.1:${first.port}"]`,
    '[[delivery.routes]]',
    'domain = "example.com"',
    'tag = "newsletter"',
    `deliver = ["smtp://127.0.0.1:${tagged.port}"]`,
  ]);
  const talk = await app(gateway);
  const plain = await send(talk);
  const news = await send(talk, { to: ['them@example.net'], fields: 'X-OMS-Tags: newsletter\r\n' });
  await recipientsOnce(gateway, plain, 'delivered');
  await recipientsOnce(gateway, news, 'delivered');
  expect([first, tagged].map((far) => far.received.map(({ recipients }) => recipients[0]?.address))).toEqual([
    ['you@example.net'],
    ['them@example.net'],
  ]);
  expect(lines(gateway, 'cannot deliver')).toMatchObject([
    {
      level: 'warn',
      transport: `smtp://127.0.0.1:${gone.port}`,
      reason: expect.stringContaining('cannot be reached'),
    },
  ]);
});
