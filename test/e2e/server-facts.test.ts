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
