/**
 * Invariant: a PROXY header is believed only from the proxies that are named, and the server never guesses whether one
 * comes. The address that it names is the client for everything that follows (110).
 */
import { describe, expect, it } from 'vitest';
import type { ListenOptions, Session } from '../../src/server/index.js';
import { createHello } from './client-hello.js';
import {
  expectNoTrouble,
  localhostCertificates,
  serve,
  StandingClock,
  until,
  type ServeOptions,
} from './harness.js';
import { proxyV2, proxyV2For } from './proxy-octets.js';
import { Talk } from './talk.js';

expectNoTrouble();

const PROXIES = ['127.0.0.0/30'];
const ELSEWHERE = '127.0.0.9';
const LINE = 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n';

/** A server, and whom it took each client for that said hello. */
async function serveProxied(listen: Partial<ListenOptions> = {}, options: ServeOptions = {}) {
  const seen: string[] = [];
  const onHello = (session: Session): void => void seen.push(endpoints(session));
  const running = await serve({ ...options, onHello }, { proxies: PROXIES, ...listen });
  return { ...running, seen };
}

function endpoints(session: Session): string {
  const { remoteAddress, remotePort, localAddress, localPort } = session;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

describe('from a proxy', () => {
  it.each([
    ['version 1', Buffer.from(LINE)],
    ['version 2', proxyV2For('192.0.2.1', 56324)],
    ['version 2 with unknown values', proxyV2For('192.0.2.1', 56324, Buffer.from([0xee, 0, 2, 1, 2]))],
  ])('%s names the client, in whatever pieces it comes', async (_, header) => {
    const { port, seen } = await serveProxied();
    for (const pieces of [[header], [header.subarray(0, 7), header.subarray(7)], [...header]]) {
      const talk = await Talk.open(port);
      for (const piece of pieces) {
        talk.write(typeof piece === 'number' ? Buffer.from([piece]) : piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await talk.play('< 220', '> EHLO x', '< 250', '> QUIT', '< 221');
      expect(seen.splice(0)).toEqual(['192.0.2.1 56324 198.51.100.2 25']);
    }
  });

  it('nothing is said before the header is whole', async () => {
    const { port } = await serveProxied();
    const talk = await Talk.open(port);
    talk.write(LINE.slice(0, -1));
    await expect(talk.reply(150)).rejects.toThrow('waited in vain');
    talk.write('\n');
    await talk.play('< 220');
  });

  it.each([
    ['LOCAL', proxyV2(0, 0, Buffer.alloc(0))],
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n')],
  ])('%s is the proxy itself', async (_, header) => {
    const { port, seen } = await serveProxied();
    const talk = await Talk.open(port);
    talk.write(header);
    await talk.play('< 220', '> EHLO x', '< 250');
    expect(seen[0]).toMatch(/^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+$/);
  });

  it.each([
    ['no header', Buffer.from('EHLO client.example\r\n'), /does not begin with a PROXY header/],
    ['a ClientHello', Buffer.from('\x16\x03\x01\x02\x00', 'latin1'), /does not begin with a PROXY header/],
    ['a line of 108 octets', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`), /longer than 107/],
    ['a bad length', proxyV2(1, 0x11, Buffer.alloc(11)), /too short for its addresses/],
    ['a monstrous length', proxyV2(1, 0x11, Buffer.alloc(5000)), /5000 octets follow/],
  ])('%s closes without a reply, and is reported', async (_, octets, reason) => {
    const { port, server, arrivals } = await serveProxied();
    const talk = await Talk.open(port);
    talk.write(octets);
    expect(await talk.rest()).toBe('');
    await until('it is recorded', () => arrivals.length > 0);
    expect(arrivals).toEqual([expect.stringMatching(reason)]);
    expect(server.connections).toBe(0);
  });

  it('a ClientHello may come in the same write (110)', async () => {
    const certificates = await localhostCertificates();
    for (const tls of ['detect', 'implicit'] as const) {
      const { port } = await serveProxied({ tls }, { certificates });
      const talk = await Talk.open(port);
      const hello = await createHello();
      talk.write(Buffer.concat([proxyV2For('192.0.2.1', 1), hello]));
      // A ServerHello: the handshake is on.
      expect((await talk.more(6)).charCodeAt(0)).toBe(0x16);
    }
  });

  it('TLS works after it', async () => {
    const { port, seen } = await serveProxied(
      { tls: 'detect' },
      { certificates: await localhostCertificates() },
    );
    const talk = await Talk.open(port, { deaf: true });
    talk.write(LINE);
    await talk.secure();
    await talk.play('< 220', '> EHLO x', '< 250', '> NOOP', '< 250');
    expect(seen).toEqual(['192.0.2.1 56324 198.51.100.2 25']);
  });

  it('a client whose handshake fails is reported with its own address', async () => {
    const refused: string[] = [];
    const { port } = await serveProxied(
      { tls: 'implicit' },
      {
        certificates: await localhostCertificates(),
        onRefusedArrival: (address, { message }) => void refused.push(`${address} ${message}`),
      },
    );
    const talk = await Talk.open(port);
    talk.write(`${LINE}EHLO client.example\r\n`);
    await until('it is recorded', () => refused.length > 0);
    expect(refused).toEqual([expect.stringMatching(/^192\.0\.2\.1 TLS handshake failed: /)]);
  });

  it('commands in the same write come before the greeting, and are refused', async () => {
    const { port } = await serveProxied();
    const talk = await Talk.open(port);
    talk.write(`${LINE}EHLO x\r\n`);
    await talk.play('< 554 5.5.0');
  });

  it('one octet each ten seconds meets a deadline (108)', async () => {
    const clock = new StandingClock();
    const { port, arrivals } = await serveProxied({}, { clock: clock.read, timeouts: { handshake: 60_000 } });
    const talk = await Talk.open(port);
    let octets = 0;
    for (const octet of LINE) {
      if (talk.socket.destroyed || arrivals.length > 0) break;
      talk.write(octet);
      octets++;
      clock.pass(10_000);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(await talk.rest()).toBe('');
    await until('it is recorded', () => arrivals.length > 0);
    expect(arrivals).toEqual(['the PROXY header took too long']);
    expect(octets).toBeLessThan(10);
  });

  it('clients are counted by what it says, not as the proxy', async () => {
    const { port, server } = await serveProxied({}, { admission: { connectionsPerAddress: 1 } });
    const talkAs = async (address: string): Promise<Talk> => {
      const talk = await Talk.open(port);
      talk.write(proxyV2For(address, 1));
      return talk;
    };
    const first = await talkAs('192.0.2.1');
    await first.play('< 220');
    await (await talkAs('192.0.2.1')).play('< 421 4.7.0 Too many');
    await (await talkAs('192.0.2.2')).play('< 220');
    expect(server.connections).toBe(2);
    first.socket.destroy();
    await until('it has left', () => server.connections === 1);
    await (await talkAs('192.0.2.1')).play('< 220');
  });
});

describe('from elsewhere', () => {
  it('a header is no header', async () => {
    const { port, seen } = await serveProxied();
    const talk = await Talk.open(port, { from: ELSEWHERE });
    await talk.play('< 220', '> PROXY TCP4 192.0.2.1 198.51.100.2 56324 25', '< 500', '> EHLO x', '< 250');
    expect(seen[0]).toMatch(/^127\.0\.0\.9 /);
  });

  it('a port for proxies only accepts no other client', async () => {
    const { port, arrivals, server } = await serveProxied({ proxiesOnly: true });
    const talk = await Talk.open(port, { from: ELSEWHERE });
    expect(await talk.rest()).toBe('');
    expect(arrivals).toEqual(['it is not one of the proxies of this port']);
    expect(server.connections).toBe(0);
    const proxied = await Talk.open(port);
    proxied.write(LINE);
    await proxied.play('< 220');
  });
});
