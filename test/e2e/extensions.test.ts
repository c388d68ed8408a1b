import { expect, it } from 'vitest';
import { startRemoteServer } from '../delivery/remote-server.js';
import { parse } from '../delivery/reports/parse.js';
import { app, delivering, lines, send, recipientsOnce } from './sending.js';

it('MT-PRIORITY stands in the log, and BY with N brings a notice from where it is not kept', async () => {
  const far = await startRemoteServer({ extensions: { dsn: true, deliverBy: false, mtPriority: {} } });
  const gateway = await delivering(`smtp://127.0.0.1:${far.port}`, {
    POSTERN_SMTP_EXTENSIONS: 'DELIVERBY,MT-PRIORITY,FUTURERELEASE',
  });
  const talk = await app(gateway);
  const plain = await send(talk);
  const held = await send(talk, { mail: ' HOLDFOR=1', to: ['later@example.net'] });
  const id = await send(talk, { mail: ' BY=600;N MT-PRIORITY=3' });
  for (const one of [plain, held, id]) await recipientsOnce(gateway, one, 'delivered');
  await gateway.says(/"sender notified"/);
  await expect.poll(() => far.received.length, { timeout: 20_000 }).toBe(4);
  talk.socket.destroy();
  await gateway.stop();
  const priorities = lines(gateway, 'accepted').map((line) => [line['id'], line['priority']]);
  expect(priorities).toEqual([
    [plain, undefined],
    [held, undefined],
    [id, 3],
  ]);
  expect(lines(gateway, 'sender notified')).toMatchObject([{ id, kind: 'relayed' }]);
  const notification = far.received.find(({ reversePath }) => reversePath === '');
  expect(notification?.parameters.priority).toBe(3);
  const { status } = await parse(notification?.content ?? Buffer.alloc(0));
  expect(status).toMatchObject([
    { 'deliver-by-date': expect.any(String) },
    { action: 'relayed', 'final-recipient': 'rfc822; you@example.net' },
  ]);
  const [first, last] = ['you@example.net', 'later@example.net'].map((address) =>
    far.received.findIndex(({ recipients }) => recipients[0]?.address === address),
  );
  expect(last).toBeGreaterThan(first ?? 0);
});
