// What a client can do to the server below the level of a request: break off, send more than it said, be slow.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ApiHarness, TOKEN } from './api-harness.js';

const MAIL = { from: 'app@example.com', to: 'you@example.net', textbody: 'It works.' };

/** Sends octets over a connection of their own. Returns what comes back until the server closes it. */
async function exchange(base: string, octets: string): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connect({ host: hostname, port: Number(port) });
  let answer = '';
  socket.on('data', (piece: Buffer) => (answer += piece.toString()));
  socket.write(octets);
  await once(socket, 'close');
  return answer;
}

function head(...fields: readonly string[]): string {
  const all = ['POST /api/v1/send HTTP/1.1', 'Host: 127.0.0.1', `MailPace-Server-Token: ${TOKEN}`, ...fields];
  return `${all.join('\r\n')}\r\nContent-Type: application/json\r\n\r\n`;
}

describe('a client', () => {
  it('that sends more than a body may have, without saying so first, gets 413', async () => {
    const harness = await ApiHarness.start({ limits: { sendBody: 1000 } });
    const chunk = `400\r\n${'x'.repeat(0x400)}\r\n`;
    const answer = await exchange(await harness.listen(), head('Transfer-Encoding: chunked') + chunk + chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*\{"error":"The body may have 1000 octets"\}$/s);
  });

  it('that sends a whole body that is too large, before it reads, gets 413', async () => {
    const harness = await ApiHarness.start();
    const { port } = new URL(await harness.listen());
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    const body = Buffer.alloc(12 * 1024 * 1024, ' ');
    const fields = head(`Content-Length: ${body.length}`).replace('/api/v1/send', '/api/v1/messages/cancel');
    socket.pause();
    socket.write(fields);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(body, () => resolve());
    });
    let answer = '';
    socket.on('data', (piece: Buffer) => (answer += piece.toString()));
    socket.resume();
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('that leaves within a body gives its memory back, and is no failure of the server', async () => {
    const harness = await ApiHarness.start({ limits: { bodiesInFlight: 1500 } });
    const base = await harness.listen();
    for (let times = 0; times < 3; times++) {
      const { port } = new URL(base);
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      await once(socket, 'connect');
      socket.write(`${head('Content-Length: 1400')}${' '.repeat(1000)}`);
      // Long enough for the server to have read them, or the test would show less.
      await setTimeout(100);
      socket.destroy();
      await once(socket, 'close');
    }
    const response = await harness.send(JSON.stringify(MAIL).padEnd(1400));
    expect([response.statusCode, harness.failures]).toEqual([200, []]);
  });

  it.each([
    ['a header section', 'POST /api/v1/send HTTP/1.1\r\nHost: 127.0.0.1\r\n'],
    ['a body', `${head('Content-Length: 1000')}{`],
  ])('that takes too long for %s gets 408 in the one shape', async (_part, octets) => {
    const harness = await ApiHarness.start({
      limits: { headerTime: 100, requestTime: 200 },
      // Node looks every thirty seconds at what its connections do.
      createServer: (handler) => createServer({ connectionsCheckingInterval: 20 }, handler),
    });
    const answer = await exchange(await harness.listen(), octets);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain("content-security-policy: default-src 'none'");
    expect(answer).toMatch(/\{"error":"The request took too long","code":"timeout"\}$/);
  });
});

describe('a bug of the server', () => {
  it('is answered with 500 without a word of it, and reported', async () => {
    const bug = new TypeError('cannot read /data/postern.db: SELECT * FROM message');
    const harness = await ApiHarness.start({
      problems: async () => {
        throw bug;
      },
    });
    const response = await harness.api.app.inject({ url: '/readyz', headers: { host: 'mx.example' } });
    expect([response.statusCode, response.json()]).toEqual([
      500,
      { error: 'The server failed; its log says why', code: 'internal' },
    ]);
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    expect(harness.failures).toEqual([bug]);
  });
});
