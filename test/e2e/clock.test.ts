/** A gateway that is started after the clock was put back: mail and events that were deferred before go out. */
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { GatewayProcess } from './gateway-process.js';
import { app, delivering, lines, QUICK, send, recipientsOnce } from './sending.js';

const MONTH = 30 * 24 * 3_600_000;

it('mail that was deferred while the clock was 30 days ahead is delivered after the next start', async () => {
  const far = await startRemoteServer();
  const first = await delivering('smtp://127.0.0.1:9', {
    POSTERN_DELIVERY_RETRY_BASE: '1h',
    POSTERN_SMTP_EXTENSIONS: 'FUTURERELEASE',
  });
  const talk = await app(first);
  const id = await send(talk);
  const held = await send(talk, { mail: ' HOLDFOR=86400' });
  talk.socket.destroy();
  await recipientsOnce(first, id, 'deferred');
  await first.stop();
  await deferInTheFuture(first.data, Number(id));

  const environment = { ...QUICK, POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}` };
  const second = await GatewayProcess.start({ data: first.data, environment });
  expect(await recipientsOnce(second, id, 'delivered')).toMatchObject([{ attempts: [{}, {}, {}] }]);
  expect(
    lines(second, 'the clock was put back: recipients that were due too late are due sooner'),
  ).toMatchObject([{ level: 'warn', recipients: 1 }]);
  await recipientsOnce(second, held, 'queued');
});

/** Writes what a server writes whose clock is ahead, and that tries the message once. */
async function deferInTheFuture(data: string, id: number): Promise<void> {
  const store = await openSqliteStore({ directory: data, exclusive: true });
  try {
    const now = Date.now() + MONTH;
    await store.queue.retry(id, now);
    const [lease] = await store.queue.lease({ now, until: now + 60_000, limit: 1, perDomain: 1 });
    if (lease?.id !== id) throw new Error('not the message');
    const reply = '450 4.2.1 Busy';
    const attempt = { at: now, outcome: 'deferred', remoteHost: 'far', reply, tls: null } as const;
    const settlement = { position: 0, attempt, nextAttemptAt: now + 200, report: null, block: false };
    await store.queue.settle(lease, [settlement], true);
  } finally {
    await store.close();
  }
}
