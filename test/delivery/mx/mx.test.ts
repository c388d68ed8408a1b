/**
 * Delivery directly to recipients' mail servers: those that DNS names, in its order, and never into the local network.
 */
import { expect, it } from 'vitest';
import { expectNoTrouble, until } from '../../server/harness.js';
import { dnsServer, type Records } from '../dns-server.js';
import { type RemoteServer, startRemoteServer } from '../remote-server.js';
import { shipment } from '../files/shipment.js';
import { send, outcomesOf } from '../smtp/setup.js';
import { mx } from './setup.js';

expectNoTrouble();

const MESSAGE = 'Subject: x\r\n\r\nhello\r\n';
const DELIVERED = 'delivered 250 2.0.0 Ok: message accepted';

/** Starts mail servers on one port, at 127.0.0.1, 127.0.0.2 and so on. */
async function hosts(count: number): Promise<RemoteServer[]> {
  for (let attempt = 0; ; attempt++) {
    const first = await startRemoteServer();
    try {
      const others = Array.from({ length: count - 1 }, (_, i) =>
        startRemoteServer({ host: `127.0.0.${i + 2}`, port: first.port }),
      );
      return [first, ...(await Promise.all(others))];
    } catch (error) {
      if (attempt > 5) throw error;
    }
  }
}

it('a destination is a domain, however it is spelled', async () => {
  const transport = mx(await dnsServer(), 25);
  expect(transport.destination('a@B.Example')).toBe('b.example');
  expect(transport.destination('"x@y"@bücher.example')).toBe('xn--bcher-kva.example');
  expect(transport.destination('a@[IPv6:::1]')).toBe('[ipv6:::1]');
  expect(transport.name).toBe('mx://');
});

it('goes to the most preferred server, and to the next one if that does not answer', async () => {
  const [first, second, third] = await hosts(3);
  const dns = await dnsServer({
    'b.example': {
      MX: [
        { preference: 30, exchange: 'three.b.example' },
        { preference: 10, exchange: 'One.B.Example' },
        { preference: 20, exchange: 'two.b.example' },
      ],
    },
    'one.b.example': { A: ['127.0.0.1'] },
    'two.b.example': { A: ['127.0.0.2'] },
    'three.b.example': { A: ['127.0.0.3'] },
  });
  const transport = mx(dns, first?.port ?? 0, 'private=allow&sts=off', { limits: { idle: 1 } });
  const gone = (): boolean => [first, second, third].every((end) => end?.open === 0);
  const hostOf = async (): Promise<string | null | undefined> => {
    const [delivery] = await send(transport, shipment(MESSAGE, { to: ['x@b.example'] }));
    await until('the end of the connection', gone);
    return delivery?.outcome === 'delivered' ? delivery.remoteHost : delivery?.reply;
  };
  expect(await hostOf()).toBe('one.b.example');
  if (first === undefined || second === undefined) throw new Error('no hosts');
  first.behave = () => '554 5.3.2 Not here';
  expect(await hostOf()).toBe('two.b.example');
  second.behave = () => 'reset';
  expect(await hostOf()).toBe('three.b.example');
  await Promise.all([first.close(), second.close(), third?.close()]);
  expect(await hostOf()).toContain('one.b.example (127.0.0.1:');
});

it('skips itself and all servers that are not preferred to it, so that mail does not loop', async () => {
  const [far] = await hosts(1);
  const among = (...names: readonly string[]): Records => ({
    MX: names.map((exchange, index) => ({ preference: 10 * (index >> 1), exchange })),
  });
  const dns = await dnsServer({
    'behind.example': among(
      'far.example',
      'backup.example',
      'Gateway.Example',
      'beside.example',
      'last.example',
    ),
    'first.example': among('gateway.example', 'far.example'),
    'far.example': { A: ['127.0.0.1'] },
  });
  const transport = mx(dns, far?.port ?? 0);
  const [delivered] = await send(transport, shipment(MESSAGE, { to: ['x@behind.example'] }));
  expect(delivered).toMatchObject({ outcome: 'delivered', remoteHost: 'far.example' });
  expect(dns.asked.filter((question) => /beside|last|gateway/.test(question))).toEqual([]);
  expect(await send(transport, shipment(MESSAGE, { to: ['x@first.example'] }))).toMatchObject([
    { outcome: 'bounced', enhancedCode: '5.4.6', reply: expect.stringContaining('would loop') },
  ]);
});

it('servers of equal preference share the load', async () => {
  const ends = await hosts(2);
  const dns = await dnsServer({
    'b.example': {
      MX: [
        { preference: 10, exchange: 'one.b.example' },
        { preference: 10, exchange: 'two.b.example' },
      ],
    },
    'one.b.example': { A: ['127.0.0.1'] },
    'two.b.example': { A: ['127.0.0.2'] },
  });
  const transport = mx(dns, ends[0]?.port ?? 0, 'private=allow&sts=off', { limits: { messages: 1 } });
  // By chance alone, one of two servers is not chosen in forty attempts once in 2^39.
  for (let i = 0; i < 40 && ends.some(({ received }) => received.length === 0); i++) {
    await send(transport, shipment(MESSAGE, { to: ['x@b.example'] }));
  }
  expect(ends.every(({ received }) => received.length > 0)).toBe(true);
});

it('a domain without MX and an address literal are their own mail servers; messages share a connection', async () => {
  const end = await startRemoteServer();
  const dns = await dnsServer({ 'b.example': { A: ['127.0.0.1'] } });
  const transport = mx(dns, end.port);
  for (const to of ['x@b.example', 'y@B.example', 'x@[127.0.0.1]']) {
    expect(outcomesOf(await send(transport, shipment(MESSAGE, { to: [to] })))).toEqual([DELIVERED]);
  }
  expect(end.received.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  expect(dns.asked.filter((question) => question === 'MX b.example').length).toBe(1);
});

it('tries IPv6, then IPv4 if that does not answer', async () => {
  const end = await startRemoteServer({ host: '::1' });
  const dns = await dnsServer({
    'six.example': { A: ['127.0.0.9'], AAAA: ['::1'] },
    'four.example': { A: ['127.0.0.1'], AAAA: ['::1'] },
  });
  expect(outcomesOf(await send(mx(dns, end.port), shipment(MESSAGE, { to: ['x@six.example'] })))).toEqual([
    DELIVERED,
  ]);
  const four = await startRemoteServer();
  expect(outcomesOf(await send(mx(dns, four.port), shipment(MESSAGE, { to: ['x@four.example'] })))).toEqual([
    DELIVERED,
  ]);
});

const ZONE = {
  'null.example': { MX: [{ preference: 0, exchange: '.' }] },
  'nothing.example': { TXT: ['x'] },
  'broken.example': 'SERVFAIL',
  'refused.example': 'REFUSED',
  'lost.example': { MX: [{ preference: 0, exchange: 'gone.example' }] },
  'half.example': { MX: [{ preference: 0, exchange: 'broken.example' }] },
  'inside.example': { A: ['10.0.0.1', '127.0.0.1'], AAAA: ['::1', 'fd00::1'] },
  'metadata.example': { MX: [{ preference: 0, exchange: 'host.metadata.example' }] },
  'host.metadata.example': { A: ['169.254.169.254'], AAAA: ['::ffff:127.0.0.1'] },
} as const;

it.each([
  ['null.example', { outcome: 'bounced', enhancedCode: '5.1.10', hard: true }],
  ['none.example', { outcome: 'bounced', enhancedCode: '5.1.2', hard: true }],
  ['nothing.example', { outcome: 'bounced', enhancedCode: '5.4.4' }],
  ['lost.example', { outcome: 'bounced', enhancedCode: '5.4.4' }],
  ['broken.example', { outcome: 'deferred', enhancedCode: '4.4.3', general: true }],
  ['refused.example', { outcome: 'deferred', enhancedCode: '4.4.3', general: true }],
  ['half.example', { outcome: 'deferred', enhancedCode: '4.4.3', general: true }],
  ['inside.example', { outcome: 'bounced', enhancedCode: '5.4.4' }],
  ['metadata.example', { outcome: 'bounced', enhancedCode: '5.4.4' }],
  ['[127.0.0.1]', { outcome: 'bounced', enhancedCode: '5.4.4' }],
  ['[IPv6:::1]', { outcome: 'bounced', enhancedCode: '5.4.4' }],
  ['[300.0.0.1]', { outcome: 'bounced', enhancedCode: '5.1.3' }],
])('does not connect for %s, and gives the reason', async (domain, expected) => {
  const end = await startRemoteServer();
  const transport = mx(await dnsServer(ZONE), end.port, 'sts=off');
  const [delivery] = await send(transport, shipment(MESSAGE, { to: [`x@${domain}`] }));
  expect(delivery).toMatchObject({ remoteHost: null, ...expected });
  expect(delivery?.transportFailed).toBeUndefined();
  expect(delivery?.reply).toContain(delivery?.enhancedCode);
  expect(end.connections).toBe(0);
});

it('gives up a silent name server when the server stops', async () => {
  const dns = await dnsServer({ 'b.example': 'silence' });
  const transport = mx(dns, 25);
  const sent = send(transport, shipment(MESSAGE, { to: ['x@b.example'] }));
  await until('a question', () => dns.asked.length > 0);
  await transport.close();
  expect(await sent).toMatchObject([{ outcome: 'deferred' }]);
});
