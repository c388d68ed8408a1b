/** What follows from what became of a message: webhooks, notices, block lists, removal; and all of it after a kill -9. */
import { createPublicKey, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { spawnPostern } from '../cli/postern.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { apiServer } from '../delivery/https/api-server.js';
import { parse } from '../delivery/reports/parse.js';
import { Talk } from '../server/talk.js';
import { GatewayProcess } from './gateway-process.js';
import { app, delivering, output, lines, QUICK, send, recipientsOnce } from './sending.js';

const unknown = 'nobody@example.net';

it('an unknown mailbox: the sender gets a notification, the webhook an event, and the next message is refused', async () => {
  const far = await startRemoteServer({
    behave: ({ phase, address }) =>
      phase === 'rcpt' && address === unknown ? '550 5.1.1 No such user' : undefined,
    extensions: { dsn: false },
  });
  const receiver = await apiServer(() => ({ status: 204 }));
  const gateway = await delivering(`smtp://127.0.0.1:${far.port}`, {
    POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow',
  });
  const outcome = await spawnPostern(['webhook', 'set', 'example.com', receiver.url, '--json'], {
    environment: { POSTERN_DATA: gateway.data, POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' },
  });
  const { publicKey: key } = JSON.parse(outcome.stdout) as { readonly publicKey: string };
  const talk = await app(gateway);
  const id = await send(talk, { to: [unknown, 'you@example.net'] });
  expect(await recipientsOnce(gateway, id, 'bounced')).toMatchObject([
    { status: 'bounced', attempts: [{ reply: '550 5.1.1 No such user' }] },
    { status: 'delivered' },
  ]);

  await gateway.says(/"sender notified"/);
  await expect.poll(() => far.received.length, { timeout: 20_000 }).toBe(2);
  const notification = far.received.find(({ reversePath }) => reversePath === '');
  expect(notification?.recipients[0]?.address).toBe('app@example.com');
  const { status } = await parse(notification?.content ?? Buffer.alloc(0));
  expect(status[1]).toMatchObject({
    'final-recipient': `rfc822; ${unknown}`,
    action: 'failed',
    status: '5.1.1',
  });

  const events = (): unknown[] => receiver.taken.map(({ body }) => body['event']);
  await expect
    .poll(() => [...new Set(events())].sort(), { timeout: 20_000 })
    .toEqual(['email.bounced', 'email.delivered', 'email.queued']);
  const x = Buffer.from(key, 'base64').toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  for (const { raw, headers } of receiver.taken) {
    const signature = Buffer.from(String(headers['x-mailpace-signature']), 'base64');
    expect(verify(null, raw, publicKey, signature)).toBe(true);
  }

  const today = new Date().toISOString().slice(0, 10);
  const rcpt = async (): Promise<string> => {
    await talk.play('> MAIL FROM:<app@example.com>', '< 250');
    const reply = await talk.say(`RCPT TO:<${unknown}>`);
    await talk.play('> RSET', '< 250');
    return reply;
  };
  await expect
    .poll(rcpt, { timeout: 20_000, interval: 200 })
    .toBe(`550 5.7.1 ${unknown} is on the block list of example.com since ${today}: 550 5.1.1 No such user`);
  expect(await output(gateway, 'block', 'list')).toContain(unknown);
  await output(gateway, 'allow', 'add', unknown, '--domain', 'example.com');
  expect(await rcpt()).toMatch(/^250 /);
  await recipientsOnce(gateway, await send(talk, { to: [unknown], rcpt: ' NOTIFY=NEVER' }), 'bounced');
  expect(await rcpt()).toMatch(/^250 /);
});

it('a message that waits: the sender gets one notification, to the address that asked for it', async () => {
  const far = await startRemoteServer({
    behave: ({ phase, address }) =>
      phase === 'rcpt' && address !== 'app@example.com' ? '450 4.2.1 Busy' : undefined,
  });
  const gateway = await delivering(`smtp://127.0.0.1:${far.port}`, { POSTERN_DELIVERY_DELAY_AFTER: '1s' });
  const talk = await app(gateway);
  await send(talk);
  const id = await send(talk, { rcpt: ' NOTIFY=DELAY,FAILURE' });
  await gateway.says(/"sender notified"/);
  const attempts = async (): Promise<number> =>
    (await recipientsOnce(gateway, id, 'deferred'))[0]?.attempts.length ?? 0;
  await expect.poll(attempts, { timeout: 20_000, interval: 200 }).toBeGreaterThan(3);
  talk.socket.destroy();
  await gateway.stop();
  expect(lines(gateway, 'sender notified')).toMatchObject([{ id, kind: 'delayed', to: 'app@example.com' }]);
  expect(far.received).toHaveLength(1);
  const { status } = await parse(far.received[0]?.content ?? Buffer.alloc(0));
  expect(status[1]).toMatchObject({ action: 'delayed', 'will-retry-until': expect.any(String) });
});

it('a kill -9 between a failure and its notification: the next server sends the notification once', async () => {
  const far = await startRemoteServer();
  const first = await delivering('smtp://127.0.0.1:9', { POSTERN_DELIVERY_RETRY_BASE: '1h' });
  const { data } = first;
  const id = await send(await app(first));
  await recipientsOnce(first, id, 'deferred');
  await first.stop('SIGKILL');
  await settle(data, Number(id));

  const environment = { ...QUICK, POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}` };
  const second = await GatewayProcess.start({ data, environment });
  await second.says(/"sender notified"[^]*"delivered"/);
  await second.stop('SIGKILL');
  const third = await GatewayProcess.start({ data, environment });
  // It has looked at what is owed by the time that a new message has gone all the way.
  const talk = await Talk.greeted(third.port);
  await talk.signIn(first.token);
  await recipientsOnce(third, await send(talk), 'delivered');
  expect(lines(third, 'sender notified')).toEqual([]);
  const senders = (await third.messages()).map(({ from }) => from);
  expect(senders.filter((from) => from.startsWith('MAILER-DAEMON'))).toHaveLength(1);
});

/** Writes that a message has failed, as a server does that is killed right after it. */
async function settle(data: string, id: number): Promise<void> {
  const store = await openSqliteStore({ directory: data, exclusive: true });
  try {
    await store.queue.retry(id, Date.now());
    const now = Date.now();
    const [lease] = await store.queue.lease({ now, until: now + 60_000, limit: 1, perDomain: 1 });
    if (lease?.id !== id) throw new Error('not the message');
    const attempt = {
      at: now,
      outcome: 'bounced',
      remoteHost: 'far',
      reply: '550 5.7.1 No',
      tls: null,
    } as const;
    const settlement = { position: 0, attempt, nextAttemptAt: null, report: 'failed', block: false } as const;
    await store.queue.settle(lease, [settlement], true);
  } finally {
    await store.close();
  }
}

it('what is old is removed beside the server, its content first', async () => {
  const far = await startRemoteServer();
  const deliver = `smtp://127.0.0.1:${far.port}`;
  const gateway = await delivering(deliver, { POSTERN_STORE_KEEP_CONTENT: '1ms' });
  const talk = await app(gateway);
  const id = await send(talk);
  talk.socket.destroy();
  await recipientsOnce(gateway, id, 'delivered');
  await gateway.stop();
  const environment = { ...QUICK, POSTERN_DELIVER: deliver, POSTERN_STORE_KEEP_CONTENT: '1ms' };
  const next = await GatewayProcess.start({ data: gateway.data, environment });
  await next.says(/"contents":1[^\n]*"removed what was old"/);
  expect(await output(next, 'message', id)).toMatch(
    /delivered[^]*Its content was old and has been removed\.$/m,
  );
  const vacuum = await spawnPostern(['vacuum', '--json'], {
    environment: { POSTERN_DATA: gateway.data, POSTERN_STORE_KEEP_MESSAGES: '1ms' },
  });
  expect(JSON.parse(vacuum.stdout)).toMatchObject({ messages: 1, contents: 0 });
  expect(await next.messages()).toEqual([]);
});
