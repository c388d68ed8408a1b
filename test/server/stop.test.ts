/** A graceful stop loses nothing: who is idle hears 421, who is in a transaction may end it (112). */
import { describe, expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { expectNoTrouble, localhostCertificates, type Running, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const GRACE = 20_000;

async function serveKeeping(): Promise<Running<string> & { readonly stored: string[] }> {
  const stored: string[] = [];
  const running = await serve({
    onData: async (_, body) => {
      let text = '';
      for await (const octets of body) text += Buffer.from(octets).toString();
      stored.push(text);
    },
    timeouts: { linger: 5_000 },
  });
  return { ...running, stored };
}

async function inContent(port: number): Promise<Talk> {
  const talk = await Talk.greeted(port);
  await talk.play('> MAIL FROM:<>', '< 250', '> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
  return talk;
}

/** Hears the farewell, and goes. */
async function leaves(talk: Talk): Promise<void> {
  await talk.play('< 421 4.3.2 mx.example is shutting down');
  expect(await talk.rest()).toBe('');
  talk.finish();
}

describe('close', () => {
  it('sends 421 to idle and new clients, and ends when all have gone', async () => {
    const { port, server } = await serveKeeping();
    const idle = await Talk.greeted(port);
    const busy = await inContent(port);
    const stopped = server.close(GRACE);
    await leaves(idle);
    await leaves(await Talk.open(port));
    busy.write('.\r\n');
    await busy.play('< 250');
    await leaves(busy);
    await stopped;
    expect(server.connections).toBe(0);
    await expect(Talk.greeted(port)).rejects.toThrow();
  });

  it('lets the transaction in hand end, wherever it is, and begins no other', async () => {
    const { port, server, stored } = await serveKeeping();
    const talk = await Talk.greeted(port);
    await talk.play('> MAIL FROM:<>', '< 250');
    const stopped = server.close(GRACE);
    await talk.play('> RCPT TO:<a@x.example>', '< 250', '> DATA', '< 354');
    talk.write('Hello\r\n.\r\nMAIL FROM:<>\r\n');
    await talk.play('< 250');
    await leaves(talk);
    await stopped;
    expect(stored).toEqual(['Hello\r\n']);
  });

  it('when the grace is over: 421, no 250, nothing stored', async () => {
    const { port, server, stored, closed } = await serveKeeping();
    const talk = await inContent(port);
    talk.write('Hello\r\n');
    const stopped = server.close(50);
    await leaves(talk);
    await stopped;
    expect(stored).toEqual([]);
    expect(closed).toEqual(['shutdown']);
  });

  it('waits for a verdict that is on its way, and gives it', async () => {
    let decide = (): void => undefined;
    const { port, server } = await serve({
      onContent: () => ({
        write: () => undefined,
        end: () => new Promise<void>((resolve) => (decide = resolve)),
        abort: () => undefined,
      }),
      timeouts: { linger: 5_000 },
    });
    const talk = await inContent(port);
    talk.write('.\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = server.close(GRACE);
    decide();
    await talk.play('< 250');
    await leaves(talk);
    await stopped;
  });

  it('does not wait for clients that never go', async () => {
    const { port, server } = await serve({ timeouts: { linger: 50 } });
    const stubborn = await Talk.greeted(port);
    await server.close(GRACE);
    await stubborn.play('< 421');
    expect(server.connections).toBe(0);
  });

  it('ends handshakes and clients that were not greeted', async () => {
    const { port, server } = await serve(
      { certificates: await localhostCertificates() },
      { tls: 'detect', tlsDetectMs: 60_000 },
    );
    const silent = await Talk.open(port);
    const shaking = await Talk.open(port);
    shaking.write('\x16\x03\x01');
    await until('both are there', () => server.connections === 2);
    await server.close(GRACE);
    expect(await silent.rest()).toBe('');
    await shaking.rest();
    expect(server.connections).toBe(0);
  });

  it('may be repeated, also before anything was opened', async () => {
    const server = createServer();
    expect(server.close()).toBe(server.close());
    await server.close();
  });
});
