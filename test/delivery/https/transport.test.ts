import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  MAX_REQUEST,
  openApiTransport,
  type ApiEnvironment,
} from '../../../src/delivery/transports/https/transport.js';
import type { Delivery, Shipment, Transport } from '../../../src/delivery/transports/transport.js';
import { Secret } from '../../../src/base/secret.js';
import { testCertificates } from '../../certs.js';
import { RUNNING, recipient, shipment } from '../files/shipment.js';
import { PENDING, apiServer, type Reply } from './api-server.js';

const MESSAGE =
  'From: =?utf-8?q?Caf=C3=A9=2C_Ltd?= <app@example.com>\r\nTo: You <you@example.net>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n' +
  'Reply-To: Help <help@example.com>\r\nList-Unsubscribe: <https://example.com/u>,\r\n <mailto:u@example.com>\r\n\r\nHello\r\n';

function open(url: string, environment: ApiEnvironment = {}): Transport {
  const transport = openApiTransport(
    { url, token: new Secret('upstream-token'), tokenHeader: 'OhMySMTP-Server-Token' },
    environment,
  );
  onTestFinished(() => transport.close());
  return transport;
}

/** Returns the delivery of a message to one recipient if the API answers with this reply. */
async function outcome(reply: Reply): Promise<Delivery | undefined> {
  const api = await apiServer(() => reply);
  return (await open(api.url).send(shipment(MESSAGE), RUNNING))[0];
}

describe('a request', () => {
  it('has the message in the fields of the API, the token in its header and a key', async () => {
    const api = await apiServer(() => PENDING);
    const transport = open(api.url);
    const deliveries = await transport.send(shipment(MESSAGE, { tags: ['order', 'receipt'] }), RUNNING);
    expect(deliveries).toEqual([
      {
        position: 0,
        outcome: 'delivered',
        reply: 'HTTP 200 id 42 pending',
        enhancedCode: null,
        remoteHost: `127.0.0.1:${api.port}`,
        tls: null,
      },
    ]);
    expect(api.taken).toHaveLength(1);
    const [{ headers, body, url } = { headers: {} }] = api.taken;
    expect(url).toBe('/api/v1/send');
    expect(headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'ohmysmtp-server-token': 'upstream-token',
      'idempotency-key': expect.stringMatching(/^store-244572499505152-[0-9a-f]{16}$/),
    });
    expect(body).toEqual({
      from: '"Café, Ltd" <app@example.com>',
      to: 'You <you@example.net>',
      subject: 'Grüße',
      textbody: 'Hello\n',
      replyto: 'Help <help@example.com>',
      list_unsubscribe: '<https://example.com/u>, <mailto:u@example.com>',
      tags: ['order', 'receipt'],
    });
    expect(transport.destination('x@y.example')).toBe(`127.0.0.1:${api.port}`);
  });

  it('is from the sending domain if the message is a notification from this server', async () => {
    const api = await apiServer(() => PENDING);
    const notification = MESSAGE.replace(
      /^From: .*/,
      'From: Mail Delivery System <MAILER-DAEMON@mx.example>',
    );
    const facts = { reversePath: '', from: 'MAILER-DAEMON@mx.example' };
    expect(await open(api.url).send(shipment(notification, facts), RUNNING)).toMatchObject([
      { outcome: 'delivered' },
    ]);
    expect(api.taken[0]?.body['from']).toBe('Mail Delivery System <MAILER-DAEMON@example.com>');
  });

  it('is not made for a message that must be returned in time, because an API does not promise that', async () => {
    const api = await apiServer(() => PENDING);
    const message = shipment(MESSAGE);
    const timed = (otherwise: 'return' | 'notify'): Shipment => ({
      ...message,
      terms: { ...message.terms, deliverBy: { time: Date.now() + 60_000, otherwise, trace: false } },
    });
    const transport = open(api.url);
    expect(await transport.send(timed('return'), RUNNING)).toMatchObject([
      { outcome: 'bounced', enhancedCode: '5.4.7' },
    ]);
    expect(await transport.send(timed('notify'), RUNNING)).toMatchObject([{ outcome: 'delivered' }]);
    expect(api.taken).toHaveLength(1);
  });

  it('goes over TLS with a verified certificate', async () => {
    const api = await apiServer(() => PENDING, { tls: true });
    const ca = readFileSync((await testCertificates()).ca);
    const [delivery] = await open(api.url, { ca }).send(shipment(MESSAGE), RUNNING);
    expect(delivery).toMatchObject({ outcome: 'delivered', tls: expect.stringMatching(/^TLSv1\.3 TLS_/) });
    const [distrusted] = await open(api.url).send(shipment(MESSAGE), RUNNING);
    expect(distrusted).toMatchObject({
      outcome: 'deferred',
      transportFailed: true,
      reply: expect.stringMatching(/certificate/),
    });
    expect(api.taken).toHaveLength(1);
  });

  it('is made on a kept connection, and again on a new one if that was closed meanwhile', async () => {
    const api = await apiServer(() => PENDING);
    const transport = open(api.url);
    await transport.send(shipment(MESSAGE), RUNNING);
    await transport.send(shipment(MESSAGE), RUNNING);
    expect(api.connections()).toBe(1);
    const closing = await apiServer((_, response) => {
      response.on('finish', () => response.socket?.destroy());
      return PENDING;
    });
    const other = open(closing.url);
    for (let time = 0; time < 5; time++) {
      expect(await other.send(shipment(MESSAGE), RUNNING)).toMatchObject([{ outcome: 'delivered' }]);
    }
  });

  it('shows the token nowhere', async () => {
    const transport = open('http://127.0.0.1:1/api/v1/send');
    const [delivery] = await transport.send(shipment(MESSAGE), RUNNING);
    expect(inspect([transport, delivery], { depth: 9, showHidden: true })).not.toContain('upstream-token');
  });
});

describe('recipients', () => {
  const HEADER =
    'From: app@example.com\r\nTo: A <a@x.example>, gone@x.example\r\nCc: c@x.example\r\n\r\nx\r\n';

  it('become Bcc if no field names them; an address in a field that is no recipient gets no mail', async () => {
    const api = await apiServer(() => PENDING);
    await open(api.url).send(
      shipment(HEADER, { to: ['b@x.example', 'C@x.example', 'a@X.example'] }),
      RUNNING,
    );
    expect(api.taken.map(({ body }) => body)).toMatchObject([
      { to: 'A <a@X.example>', cc: 'C@x.example', bcc: 'b@x.example' },
    ]);
  });

  it('are each tried alone if one of them is refused, and each has an outcome of its own', async () => {
    const api = await apiServer(({ body }) =>
      JSON.stringify(body).includes('b@x')
        ? { status: 400, body: { errors: { to: ['contains a blocked address'] } } }
        : PENDING,
    );
    const deliveries = await open(api.url).send(
      shipment(HEADER, { to: ['a@x.example', 'b@x.example', 'c@x.example'] }),
      RUNNING,
    );
    expect(deliveries).toMatchObject([
      { position: 0, outcome: 'delivered' },
      { position: 2, outcome: 'delivered' },
      { position: 1, outcome: 'bounced', reply: 'HTTP 400 to contains a blocked address', hard: false },
    ]);
    expect(api.taken.map(({ body }) => [body['to'], body['bcc']])).toEqual([
      ['A <a@x.example>', 'b@x.example'],
      ['A <a@x.example>', undefined],
      ['c@x.example', undefined],
      ['b@x.example', undefined],
    ]);
    const keys = api.taken.map(({ headers }) => headers['idempotency-key']);
    expect(new Set(keys).size).toBe(4);
  });

  it('have the same key in the same group of recipients, and a key of at most 255 characters', async () => {
    const api = await apiServer(() => ({ status: 500 }));
    const transport = open(api.url);
    const key = 'k'.repeat(300);
    const long = { idempotencyKey: key };
    const sends: Partial<Shipment>[] = [
      {},
      {},
      { recipients: [recipient(1, 'you@example.net')] },
      long,
      long,
    ];
    for (const changes of sends) await transport.send(shipment(MESSAGE, changes), RUNNING);
    const keys = api.taken.map(({ headers }) => String(headers['idempotency-key']));
    expect(keys[0]).toBe(keys[1]);
    expect(keys[3]).toBe(keys[4]);
    expect(new Set(keys).size).toBe(3);
    expect(keys[3]?.length).toBeLessThanOrEqual(255);
  });

  it('are not sent after an answer that asks to wait', async () => {
    const api = await apiServer(() => ({
      status: 429,
      headers: { 'retry-after': '7' },
      body: { error: 'slow' },
    }));
    const blind = ['p@x.example', 'q@x.example', 'r@x.example'];
    const deliveries = await open(api.url).send(shipment('From: a@b\r\n\r\nx', { to: blind }), RUNNING);
    const deferred = { outcome: 'deferred', reply: 'HTTP 429 slow', retryAfter: 7000 };
    expect(deliveries).toMatchObject([deferred, deferred, deferred]);
    expect(deliveries.map(({ position }) => position)).toEqual([0, 1, 2]);
    expect(api.taken).toHaveLength(1);
  });
});

describe('failures', () => {
  it('bounces if the API itself refuses, and defers if something before the API answers', async () => {
    expect(await outcome({ status: 400, body: { errors: { to: ['is invalid'] } } })).toMatchObject({
      outcome: 'bounced',
      reply: 'HTTP 400 to is invalid',
      hard: true,
    });
    expect(await outcome({ status: 404, body: '<h1>Not here</h1>' })).toMatchObject({
      outcome: 'deferred',
      transportFailed: true,
    });
    expect(await outcome({ body: '<h1>Welcome to our Wi-Fi</h1>' })).toMatchObject({
      outcome: 'deferred',
      general: true,
      reply: 'HTTP 200 without the id of a message in JSON',
    });
  });

  it('follows no redirection with the token', async () => {
    const other = await apiServer(() => PENDING);
    const api = await apiServer(() => ({ status: 307, headers: { location: other.url } }));
    const [delivery] = await open(api.url).send(shipment(MESSAGE), RUNNING);
    expect(delivery).toMatchObject({ outcome: 'deferred', transportFailed: true });
    expect(other.taken).toEqual([]);
  });

  it('defers if an answer is too large, at the limit and one octet above', async () => {
    const answer = (size: number): string => {
      const start = '{"id":1,"x":"';
      return `${start}${'x'.repeat(size - start.length - 2)}"}`;
    };
    const json = { headers: { 'content-type': 'application/json' } };
    expect(await outcome({ body: answer(65_536), ...json })).toMatchObject({ outcome: 'delivered' });
    expect(await outcome({ body: answer(65_537), ...json })).toMatchObject({
      outcome: 'deferred',
      reply: 'the answer is larger than 65536 octets',
    });
  });

  it('defers if no answer comes, or none in time', async () => {
    const [refused] = await open('http://127.0.0.1:1/').send(shipment(MESSAGE), RUNNING);
    expect(refused).toMatchObject({
      outcome: 'deferred',
      transportFailed: true,
      reply: expect.stringContaining('ECONNREFUSED'),
      remoteHost: null,
    });
    const silent = await apiServer(() => undefined);
    for (const [environment, reply] of [
      [{ deadline: 200 }, 'no answer within 0.2 s'],
      [{ idle: 200 }, 'nothing heard for 0.2 s'],
    ] as const) {
      const [delivery] = await open(silent.url, environment).send(shipment(MESSAGE), RUNNING);
      expect(delivery).toMatchObject({ outcome: 'deferred', reply });
      // The API may have accepted it, so no other transport may send it as well.
      expect(delivery?.transportFailed).toBeUndefined();
    }
  });

  it('defers if the connection breaks, or the server does not speak HTTP', async () => {
    const broken = await apiServer((_, response) => void response.socket?.destroy());
    expect(await open(broken.url).send(shipment(MESSAGE), RUNNING)).toMatchObject([
      { outcome: 'deferred', reply: expect.stringMatching(/hang up|ECONNRESET/) },
    ]);
    const half = await apiServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).write('{"id":1');
      setImmediate(() => response.socket?.destroy());
      return undefined;
    });
    const [halved] = await open(half.url).send(shipment(MESSAGE), RUNNING);
    expect(halved).toMatchObject({ outcome: 'deferred', reply: 'the answer broke off: aborted' });
    const smtp = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('220 mx.example.com ESMTP\r\n');
    });
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void smtp.close());
    const { port } = smtp.address() as AddressInfo;
    expect(await open(`http://127.0.0.1:${port}/`).send(shipment(MESSAGE), RUNNING)).toMatchObject([
      { outcome: 'deferred', reply: expect.stringMatching(/Parse Error|hang up|ECONNRESET|EPIPE/) },
    ]);
  });

  it('bounces a message larger than the API accepts, before it is read and after base64 has made it larger', async () => {
    const api = await apiServer(() => PENDING);
    const transport = open(api.url);
    const unread = shipment('', {
      size: MAX_REQUEST + 1,
      content: () => {
        throw new Error('not to be read');
      },
    });
    const refused = { outcome: 'bounced', enhancedCode: '5.3.4' };
    expect(await transport.send(unread, RUNNING)).toMatchObject([refused]);
    const part = 'Content-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\n';
    const swelling = [Buffer.from(`From: a@b\r\n${part}`), Buffer.alloc(Math.ceil(MAX_REQUEST * 0.75))];
    expect(await transport.send(shipment(swelling), RUNNING)).toMatchObject([refused]);
    expect(api.taken).toEqual([]);
  });

  it('begins nothing while the server stops, and ends requests under way soon', async () => {
    const stop = new AbortController();
    const silent = await apiServer(() => {
      stop.abort();
      return undefined;
    });
    const transport = open(silent.url, { stopGrace: 50 });
    const stopping = { outcome: 'deferred', reply: 'the server is stopping' };
    expect(await transport.send(shipment(MESSAGE), stop.signal)).toMatchObject([stopping]);
    expect(silent.taken).toHaveLength(1);
    expect(await transport.send(shipment(MESSAGE), stop.signal)).toMatchObject([stopping]);
    expect(silent.taken).toHaveLength(1);
  });

  it('is not made of a message that another server may have', async () => {
    const api = await apiServer(() => PENDING);
    const [delivery] = await open(api.url).send(shipment(MESSAGE, { isHeld: () => false }), RUNNING);
    expect(delivery).toMatchObject({ outcome: 'deferred', reply: 'another server may have the message' });
    expect(api.taken).toEqual([]);
  });

  it('passes on an error of the store', async () => {
    const api = await apiServer(() => PENDING);
    const broken = shipment(MESSAGE, {
      async *content() {
        yield Buffer.from('x');
        throw new Error('the store is gone');
      },
    });
    await expect(open(api.url).send(broken, RUNNING)).rejects.toThrow('the store is gone');
  });
});
