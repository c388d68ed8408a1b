import { expect, it } from 'vitest';
import { GatewayProcess } from './gateway-process.js';

it('describes the ports that are open, to those who are signed in', async () => {
  const gateway = await GatewayProcess.start({
    listen: ['smtp://127.0.0.1:0', 'smtps://127.0.0.1:0', 'smtp://127.0.0.1:0?tls=off'],
    args: ['--deliver', 'maildir:out', '--smtp-max-recipients', '7'],
  });
  const url = `${gateway.httpUrl}/api/v1/server`;
  expect((await fetch(url)).status).toBe(401);
  const answer = await fetch(url, { headers: { 'mailpace-server-token': gateway.token } });
  const [first, second, third] = gateway.ports;
  expect(await answer.json()).toMatchObject({
    hostname: 'mx.example',
    listeners: [
      { protocol: 'smtp', address: '127.0.0.1', port: first, tls: 'optional' },
      { protocol: 'smtp', address: '127.0.0.1', port: second, tls: 'implicit' },
      { protocol: 'smtp', address: '127.0.0.1', port: third, tls: 'off' },
    ],
    certificate: 'self-signed',
    delivers: true,
    maxRecipients: 7,
  });
});

it('shows the administrator its disk, its store and the configuration in force, without secrets', async () => {
  const gateway = await GatewayProcess.start({
    args: ['--deliver', 'smtp://user:hidden-word@127.0.0.1:2526', '--smtp-max-recipients', '7'],
    environment: { POSTERN_ADMIN_PASSWORD: 'correct horse battery' },
  });
  const signIn = await fetch(`${gateway.httpUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password: 'correct horse battery' }),
  });
  const [cookie = ''] = (signIn.headers.get('set-cookie') ?? '').split(';');
  const answer = await fetch(`${gateway.httpUrl}/api/v1/server/state`, { headers: { cookie } });
  const text = await answer.text();
  expect(text).not.toContain('hidden-word');
  const state = JSON.parse(text) as { disk: { free: number; size: number }; configuration: string };
  expect(state).toMatchObject({ data: gateway.data, store: { messages: 0, contentOctets: 0 } });
  expect(state.disk.free).toBeGreaterThan(0);
  expect(state.disk.size).toBeGreaterThanOrEqual(state.disk.free);
  expect(state.configuration).toContain('max_recipients = 7 # --smtp-max-recipients');
});
