// Failed AUTH and failed sign-ins of one network count together, whatever protocol they come by.
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { GatewayProcess } from './gateway-process.js';

/** Fails AUTH so many times, on one connection, and returns the replies. */
async function failAuth(port: number, times: number): Promise<string[]> {
  const socket = createConnection(port, '127.0.0.1');
  const replies: string[] = [];
  let text = '';
  socket.write('EHLO x.example\r\n');
  for (let time = 0; time < times; time++) {
    socket.write(`AUTH PLAIN ${Buffer.from('\0wrong\0wrong').toString('base64')}\r\n`);
  }
  socket.on('data', (octets: Buffer) => (text += octets.toString()));
  socket.on('error', () => undefined);
  await expect.poll(() => text.match(/^(535|421) .*$/gm)?.length ?? 0, { timeout: 10_000 }).toBe(times);
  replies.push(...(text.match(/^(535|421) /gm) ?? []).map((reply) => reply.trim()));
  socket.destroy();
  return replies;
}

async function failSignIn(url: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: 'wrong' }),
  });
  return response.status;
}

const start = () =>
  GatewayProcess.start({
    environment: {
      POSTERN_SMTP_AUTH_MAX_FAILURES_PER_ADDRESS: '3',
      POSTERN_SMTP_AUTH_DELAY: '0',
      POSTERN_SMTP_AUTH_MAX_DELAY: '0',
    },
  });

describe('the memory of failures', () => {
  it('lets failed AUTH count against sign-in', async () => {
    const gateway = await start();
    expect(await failAuth(gateway.port, 2)).toEqual(['535', '535']);
    expect(await failSignIn(gateway.httpUrl)).toBe(429);
  });

  it('lets failed sign-ins, and requests with a wrong token, count against AUTH', async () => {
    const gateway = await start();
    expect(await failSignIn(gateway.httpUrl)).toBe(401);
    const headers = { 'mailpace-server-token': 'wrong' };
    expect((await fetch(`${gateway.httpUrl}/api/v1/messages`, { headers })).status).toBe(401);
    expect(await failAuth(gateway.port, 1)).toEqual(['421']);
  });
});
