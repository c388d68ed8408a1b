/** Each way of delivery but the smarthost, by the built server and a real far end. */
import { readdir, readFile } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { expect, it } from 'vitest';
import { dnsServer } from '../delivery/dns-server.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { apiServer, PENDING } from '../delivery/https/api-server.js';
import { pki } from '../delivery/pki.js';
import { decodeQuotedPrintable } from '../../src/message/mime/transfer.js';
import { scratch } from '../scratch.js';
import { app, delivering, output, lines, send, recipientsOnce } from './sending.js';

const authority = await pki();

it('mx:// finds the servers of each domain, and talks TLS to them', async () => {
  const far = await startRemoteServer({ certificates: await authority.issue(['mx.b.example']) });
  const dns = await dnsServer({
    'b.example': { MX: [{ preference: 10, exchange: 'mx.b.example' }] },
    'mx.b.example': { A: ['127.0.0.1'] },
  });
  const gateway = await delivering(`mx://?resolver=${dns.address}&port=${far.port}&private=allow`);
  const id = await send(await app(gateway), {
    to: ['you@b.example', 'them@b.example', 'who@nowhere.example'],
  });
  const [you, , who] = await recipientsOnce(gateway, id, 'bounced');
  expect(you).toMatchObject({
    status: 'delivered',
    attempts: [{ remoteHost: 'mx.b.example', tls: expect.stringMatching(/^TLSv1\.3 /) }],
  });
  expect(who).toMatchObject({ status: 'bounced', attempts: [{ reply: expect.stringMatching(/^5\.1\.2 /) }] });
  expect(far.received.filter(({ reversePath }) => reversePath !== '')).toMatchObject([
    {
      tls: true,
      hello: 'mx.example',
      recipients: [{ address: 'you@b.example' }, { address: 'them@b.example' }],
    },
  ]);
});

it('a mail API that sends Retry-After is tried after that time, with the same idempotency key', async () => {
  const api = await apiServer(() =>
    api.taken.length === 1
      ? {
          status: 429,
          headers: { 'retry-after': '1' },
          body: { error: 'You are sending emails too quickly' },
        }
      : PENDING,
  );
  const url = `${api.url.replace('http://', 'http://up-stream@')}?token_header=X-Token`;
  const gateway = await delivering(url, { POSTERN_DELIVERY_RETRY_BASE: '100ms' });
  const id = await send(await app(gateway), { to: ['you@example.net', 'blind@example.net'] });
  const [you] = await recipientsOnce(gateway, id, 'delivered');
  expect(you?.attempts).toMatchObject([
    { outcome: 'deferred', reply: 'HTTP 429 You are sending emails too quickly' },
    { outcome: 'delivered', reply: 'HTTP 200 id 42 pending' },
  ]);
  const [first, second] = api.taken;
  expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
  expect(second?.headers['x-token']).toBe('up-stream');
  expect(second?.raw).toEqual(first?.raw);
  expect(lines(gateway, 'cannot deliver')).toHaveLength(1);
  expect(lines(gateway, 'can deliver again')).toHaveLength(1);
  expect(gateway.stderr).not.toContain('up-stream');
});

it('many messages at once leave nothing on standard error but lines of the log', async () => {
  let [now, most] = [0, 0];
  const api = await apiServer((_, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":42,"status":"pending"}');
    }, 100);
    return undefined;
  });
  const gateway = await delivering(api.url);
  const talk = await app(gateway);
  for (let n = 0; n < 80; n++) await send(talk);
  talk.socket.destroy();
  await expect.poll(() => lines(gateway, 'delivered').length, { timeout: 20_000 }).toBe(80);
  expect(await gateway.stop()).toBe(0);
  // More than listeners may be on one thing before Node takes it for a leak.
  expect(most).toBeGreaterThan(11);
  expect(gateway.stderr).not.toContain('Warning');
});

it('a message in a maildir is signed by both keys, which stand where domain verify finds them', async () => {
  const folder = join(await scratch(), 'mail');
  const gateway = await delivering(`maildir:${folder}`);
  const records = (await output(gateway, 'domain', 'dkim', 'example.com', '--on', '--anyway', '--json'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { readonly name: string; readonly value: string });
  expect(records).toHaveLength(2);
  const dns = await dnsServer({
    ...Object.fromEntries(records.map(({ name, value }) => [name, { TXT: [value] }])),
    'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  });
  const verify = ['domain', 'verify', 'example.com', '--resolver', dns.address];
  const missing = await gateway.postern(...verify);
  expect([missing.exitCode, missing.stdout]).toEqual([1, expect.stringContaining('_dmarc.example.com')]);
  dns.zone.set('_dmarc.example.com', { TXT: ['v=DMARC1; p=reject'] });
  expect((await gateway.postern(...verify)).exitCode).toBe(0);

  await recipientsOnce(gateway, await send(await app(gateway)), 'delivered');
  const [name = ''] = await readdir(join(folder, 'new'));
  const message = await readFile(join(folder, 'new', name));
  expect(message.toString()).toMatch(/^Return-Path: <app@example\.com>\nDelivered-To: you@example\.net\n/);
  expect(await signatures(message, dns.address)).toEqual(['pass', 'pass']);
});

it('a message with long lines goes out as quoted-printable, and its signatures hold', async () => {
  const far = await startRemoteServer();
  const gateway = await delivering(`smtp://127.0.0.1:${far.port}`);
  const records = (await output(gateway, 'domain', 'dkim', 'example.com', '--on', '--anyway', '--json'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { readonly name: string; readonly value: string });
  const dns = await dnsServer(Object.fromEntries(records.map(({ name, value }) => [name, { TXT: [value] }])));
  const body = `${'a = b, '.repeat(20_000)}\r\nshort\r\n`;
  const talk = await app(gateway);
  const id = await send(talk, { body });
  await recipientsOnce(gateway, id, 'delivered');
  const [message = Buffer.alloc(0)] = far.received.map(({ content }) => content);
  expect(
    Math.max(
      ...message
        .toString()
        .split('\r\n')
        .map(({ length }) => length),
    ),
  ).toBeLessThan(998);
  expect(await signatures(message, dns.address)).toEqual(['pass', 'pass']);
  const encoded = message.subarray(message.indexOf('\r\n\r\n') + 4);
  expect(decodeQuotedPrintable(encoded).toString()).toBe(body);
  expect(lines(gateway, 'parts with long lines encoded anew')).toMatchObject([{ id, parts: 1 }]);

  const sealed = `Content-Type: multipart/signed; boundary=b\r\n`;
  const left = await send(talk, { fields: sealed, body: `--b\r\n\r\n${body}--b--\r\n` });
  await recipientsOnce(gateway, left, 'delivered');
  expect(far.received[1]?.content.toString()).toContain(body);
  expect(lines(gateway, 'lines of more than 998 octets go out as they are')).toMatchObject([
    { id: left, in: ['multipart/signed'] },
  ]);
});

/** Returns a verifier's results for the signatures of a message. */
async function signatures(message: Buffer, nameServer: string): Promise<string[]> {
  const resolver = new Resolver();
  resolver.setServers([nameServer]);
  const { results } = await dkimVerify(message.toString('latin1').replace(/\r?\n/g, '\r\n'), {
    resolver: (domain: string, type: string) => resolver.resolve(domain, type),
  } as Parameters<typeof dkimVerify>[1]);
  return results.map(({ status }) => status.result);
}
