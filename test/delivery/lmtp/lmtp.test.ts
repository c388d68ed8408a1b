/** LMTP to the project's own server in that mode: one result for each recipient, over a port and a Unix socket. */
import { Fault } from '../../../src/base/fault.js';
import { once } from 'node:events';
import { connect, createServer as createTcpServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readTransportUrl } from '../../../src/delivery/transports/schemes.js';
import { openLmtp, parseLmtp } from '../../../src/delivery/transports/lmtp/index.js';
import type { Transport } from '../../../src/delivery/transports/transport.js';
import { createServer, type Handler, Refusal, Reply } from '../../../src/index.js';
import { answering, hostileServer } from '../../client/hostile-server.js';
import { shipment } from '../files/shipment.js';
import { send, outcomesOf } from '../smtp/setup.js';

const MESSAGE = 'Subject: x\r\n\r\n.hello\r\n';

function lmtp(url: string): Transport {
  const target = parseLmtp(url);
  if (target instanceof Fault) throw new Error(`${url}: ${target.reason}`);
  const transport = openLmtp(target, { hostname: 'gateway.example' });
  onTestFinished(() => transport.close());
  return transport;
}

/** A server that takes everything but recipients at none.example. Gives its port and what it took. */
async function store() {
  const received: { readonly to: readonly string[]; readonly text: string }[] = [];
  const handler: Handler = {
    onRcpt: (_, { address }) => {
      if (address.endsWith('@none.example')) throw new Refusal(new Reply(550, '5.1.1', ['Nobody']));
    },
    onData: async (session, body) => {
      const pieces: Uint8Array[] = [];
      for await (const octets of body) pieces.push(Buffer.from(octets));
      const to = session.envelope.recipients.map(({ forwardPath }) => forwardPath.address);
      received.push({ to, text: Buffer.concat(pieces).toString() });
    },
  };
  const server = createServer(handler, { hostname: 'store.example' });
  const { port } = await server.listen({ port: 0, host: '127.0.0.1', lmtp: true, tls: 'off' });
  onTestFinished(() => server.close(0));
  return { port, received };
}

it('delivers to the own server, by a port and by a Unix socket, over one connection each', async () => {
  const { port, received } = await store();
  const folder = mkdtempSync(join(tmpdir(), 'postern-lmtp-'));
  const path = join(folder, 'a socket');
  const gate = createTcpServer((client) => {
    const inner = connect(port, '127.0.0.1');
    client.on('error', () => inner.destroy());
    inner.on('error', () => client.destroy());
    client.pipe(inner).pipe(client);
  });
  gate.listen(path);
  await once(gate, 'listening');
  onTestFinished(() => {
    gate.close();
    rmSync(folder, { recursive: true });
  });
  const to = ['a@b.example', 'x@none.example', 'c@b.example'];
  const urls = [`lmtp://127.0.0.1:${port}`, `lmtp+unix://${path.replace(' ', '%20')}`];
  for (const transport of urls.map(lmtp)) {
    for (let count = 0; count < 2; count++) {
      expect(await send(transport, shipment(MESSAGE, { to }))).toMatchObject([
        { outcome: 'delivered', reply: expect.stringMatching(/^250 /) },
        { outcome: 'bounced', enhancedCode: '5.1.1', hard: true },
        { outcome: 'delivered', reply: expect.stringMatching(/^250 /) },
      ]);
    }
  }
  const taken = { to: ['a@b.example', 'c@b.example'], text: MESSAGE };
  expect(received).toEqual([taken, taken, taken, taken]);
});

/** A store that says these after the content, and then closes if there is one reply less. */
async function saying(replies: readonly string[], ends: boolean): Promise<number> {
  return hostileServer((socket) => {
    let content = false;
    socket.write('220 store.example LMTP\r\n');
    answering(socket, (line) => {
      if (content && line !== '.') return null;
      if (content) {
        content = false;
        if (ends) setImmediate(() => socket.end());
        return replies.map((reply) => `${reply}\r\n`).join('');
      }
      if (line.startsWith('LHLO')) return '250-store.example\r\n250 PIPELINING\r\n';
      content = line === 'DATA';
      return content ? '354 Go\r\n' : line.startsWith('EHLO') ? '500 LMTP\r\n' : '250 Ok\r\n';
    });
  });
}

const TO = ['a@b.example', 'c@b.example', 'd@b.example'];

it('each recipient has the reply that is about it', async () => {
  const port = await saying(['250 2.1.5 a', '452 4.2.2 c is full', '550 5.1.1 No such user'], false);
  const deliveries = await send(lmtp(`lmtp://127.0.0.1:${port}`), shipment(MESSAGE, { to: TO }));
  expect(outcomesOf(deliveries)).toEqual([
    'delivered 250 2.1.5 a',
    'deferred 452 4.2.2 c is full',
    'bounced 550 5.1.1 No such user',
  ]);
  expect(deliveries[2]?.hard).toBe(true);
});

it('if the connection ends between them, those without a reply are deferred', async () => {
  const port = await saying(['250 2.1.5 a'], true);
  const deliveries = await send(lmtp(`lmtp://127.0.0.1:${port}`), shipment(MESSAGE, { to: TO }));
  expect(deliveries.map(({ outcome }) => outcome)).toEqual(['delivered', 'deferred', 'deferred']);
  expect(deliveries[1]?.reply).toContain('before it had taken the message');
});

it('a reply more than there are recipients closes the connection', async () => {
  const port = await saying(['250 a', '250 c', '250 d', '250 e'], false);
  const transport = lmtp(`lmtp://127.0.0.1:${port}`);
  for (let count = 0; count < 2; count++) {
    expect(await send(transport, shipment(MESSAGE, { to: TO }))).toMatchObject(
      TO.map(() => ({ outcome: 'delivered' })),
    );
  }
});

it('a socket that is not there is said in words', async () => {
  const transport = lmtp('lmtp+unix:///nonexistent/lmtp');
  expect(await send(transport, shipment(MESSAGE))).toMatchObject([
    {
      outcome: 'deferred',
      transportFailed: true,
      reply: '/nonexistent/lmtp cannot be reached: there is no such socket (ENOENT)',
    },
  ]);
});

it.each([
  ['lmtp://', 'it has no host'],
  ['lmtp://store.example:25', 'port 25 is for SMTP'],
  ['lmtp://store.example?pool=1', 'option "pool" is unknown'],
  ['lmtp://store.example?ca=x', '"ca" needs "tls=required"'],
  ['lmtp+unix://relative', 'it is not lmtp+unix:///PATH'],
  ['lmtp+unix:///run/', 'is a folder'],
  ['lmtp+unix:///a%zz', 'must be written %25'],
  ['lmtp+unix:///a?tls=off', 'option "tls" is unknown; the options are connections'],
])('%s: %s', async (url, reason) => {
  const transport = await readTransportUrl(url);
  expect(transport instanceof Fault && transport.reason).toContain(reason);
});

it('reads both forms', () => {
  expect(parseLmtp('lmtp://Store.example')).toMatchObject({
    host: 'store.example',
    port: 24,
    path: null,
    tls: 'off',
  });
  expect(parseLmtp('lmtp+unix:///run/a%20b?connections=3')).toMatchObject({
    path: '/run/a b',
    connections: 3,
  });
});
