/** Invariant: TLS is used if it is available; if a policy or the sender requires it, nothing goes without it. */
import { describe, expect, it } from 'vitest';
import { expectNoTrouble } from '../../server/harness.js';
import { brokenTls } from '../broken-tls.js';
import { dnsServer, type Records } from '../dns-server.js';
import { startRemoteServer } from '../remote-server.js';
import { shipment } from '../files/shipment.js';
import { pki } from '../pki.js';
import { send, outcomesOf } from '../smtp/setup.js';
import { mx, policyServer, policyText } from './setup.js';

expectNoTrouble();

const MESSAGE = 'Subject: x\r\n\r\nhello\r\n';
const authority = await pki();

const ZONE: Readonly<Record<string, Records>> = {
  'b.example': { MX: [{ preference: 1, exchange: 'mx.b.example' }] },
  'mx.b.example': { A: ['127.0.0.1'] },
  '_mta-sts.b.example': { TXT: ['v=STSv1; id=1;'] },
  'mta-sts.b.example': { A: ['127.0.0.1'] },
};
const to = ['x@b.example'];

it('uses STARTTLS with any certificate', async () => {
  const end = await startRemoteServer({ certificates: await authority.issue(['other.example'], true) });
  const [delivery] = await send(mx(await dnsServer(ZONE), end.port), shipment(MESSAGE, { to }));
  expect(delivery).toMatchObject({ outcome: 'delivered', tls: expect.stringMatching(/^TLSv1\.3 TLS_/) });
});

it('goes on in plain text if the handshake fails', async () => {
  const dns = await dnsServer(ZONE);
  const broken = await brokenTls();
  const [delivery] = await send(mx(dns, broken.port), shipment(MESSAGE, { to }));
  expect(delivery).toMatchObject({ outcome: 'delivered', tls: null });
  expect(broken.handshakes()).toBe(1);
});

describe('MTA-STS', () => {
  async function world(mode: string, hosts: readonly string[], certificate: readonly string[]) {
    const end = await startRemoteServer({
      certificates: await authority.issue(certificate),
      extensions: { requireTls: true },
    });
    const dns = await dnsServer(ZONE);
    const policy = await policyServer(await authority.pem(['mta-sts.b.example']), policyText(mode, ...hosts));
    const clock = { now: Date.now() };
    const transport = mx(dns, end.port, `private=allow&sts_port=${policy.port}&ca=${authority.ca}`, {
      now: () => clock.now,
      limits: { messages: 1 },
    });
    return { end, dns, policy, clock, go: () => send(transport, shipment(MESSAGE, { to })), transport };
  }

  it('enforced and fulfilled: uses verified TLS, and fetches the policy once', async () => {
    const { go, policy } = await world('enforce', ['mx.b.example'], ['mx.b.example']);
    for (let i = 0; i < 2; i++) {
      expect(await go()).toMatchObject([{ outcome: 'delivered', tls: expect.stringContaining('TLSv1.3') }]);
    }
    expect(policy.asked).toEqual(['mta-sts.b.example/.well-known/mta-sts.txt']);
  });

  it.each([
    [
      'a certificate for another name',
      ['mx.b.example'],
      ['other.example'],
      'its certificate is for another name',
    ],
    ['a server that it does not name', ['other.example'], ['mx.b.example'], 'does not allow mx.b.example'],
    ['a wildcard that stands for two labels', ['*.example'], ['mx.b.example'], 'does not allow mx.b.example'],
  ])('enforced, and %s: deferred', async (_, hosts, certificate, reason) => {
    const { go, end } = await world('enforce', hosts, certificate);
    expect(await go()).toMatchObject([
      { outcome: 'deferred', enhancedCode: '4.7.5', reply: expect.stringContaining(reason) },
    ]);
    expect(end.received).toEqual([]);
  });

  it('enforced, and STARTTLS is missing: deferred', async () => {
    const { go, end, dns, policy } = await world('enforce', ['*.b.example'], ['mx.b.example']);
    expect(await go()).toMatchObject([{ outcome: 'delivered' }]);
    const plain = await startRemoteServer();
    const transport = mx(dns, plain.port, `private=allow&sts_port=${policy.port}&ca=${authority.ca}`);
    expect(await send(transport, shipment(MESSAGE, { to }))).toMatchObject([
      { outcome: 'deferred', enhancedCode: expect.stringMatching(/^[45]\./) },
    ]);
    expect([plain.received.length, end.received.length]).toEqual([0, 1]);
  });

  it('enforced and not fulfilled, if the sender waives it: delivered, on a connection for no other mail', async () => {
    const { transport, end } = await world('enforce', ['other.example'], ['mx.b.example']);
    const waiving = shipment(`From: x\r\nTLS-Required: no\r\n${MESSAGE}`, { to });
    expect(await send(transport, waiving)).toMatchObject([{ outcome: 'delivered' }]);
    expect(await send(transport, shipment(MESSAGE, { to }))).toMatchObject([
      { outcome: 'deferred', enhancedCode: '4.7.5', general: true },
    ]);
    const strict = { ...waiving, terms: { ...waiving.terms, requireTls: true } };
    expect(await send(transport, strict)).toMatchObject([{ enhancedCode: '4.7.5' }]);
    for (const header of [
      'TLS-Required: yes',
      'TLS-Required: No\r\nTLS-Required: No',
      'broken\r\nTLS-Required: No',
    ]) {
      const unclear = shipment(`${header}\r\n\r\nhello\r\n`, { to });
      expect(await send(transport, unclear)).toMatchObject([{ enhancedCode: '4.7.5' }]);
    }
    expect(end.received.length).toBe(1);
  });

  it.each(['testing', 'none'])('%s: delivered although the policy is not fulfilled', async (mode) => {
    const { go } = await world(mode, ['other.example'], ['other.example']);
    expect(await go()).toMatchObject([{ outcome: 'delivered' }]);
  });

  it.each([
    ['not found', { status: 404, text: '' }],
    ['a redirect', { status: 302, text: policyText('enforce', 'other.example') }],
    ['not plain text', { type: 'text/html', text: policyText('enforce', 'other.example') }],
    ['no policy', { text: 'hello' }],
    ['too long', { text: `${policyText('enforce', 'other.example')}x: ${'y'.repeat(70_000)}` }],
  ])('ignores a policy that is %s', async (_, answer) => {
    const { go, policy } = await world('enforce', ['other.example'], ['mx.b.example']);
    policy.answer = answer;
    expect(await go()).toMatchObject([{ outcome: 'delivered' }]);
    expect(await go()).toMatchObject([{ outcome: 'delivered' }]);
    expect(policy.asked.length).toBe(1);
  });

  it('keeps a policy until it expires though its record or its server is gone, and fetches a new one', async () => {
    const { go, policy, dns, clock } = await world('enforce', ['other.example'], ['mx.b.example']);
    expect(await go()).toMatchObject([{ outcome: 'deferred' }]);
    dns.zone.set('_mta-sts.b.example', 'NXDOMAIN');
    expect(await go()).toMatchObject([{ outcome: 'deferred' }]);
    policy.answer = { status: 500, text: '' };
    dns.zone.set('_mta-sts.b.example', { TXT: ['v=STSv1; id=2;'] });
    expect(await go()).toMatchObject([{ outcome: 'deferred' }]);
    policy.answer = { text: policyText('enforce', 'mx.b.example') };
    expect(await go()).toMatchObject([{ outcome: 'delivered' }]);
    policy.answer = { status: 500, text: '' };
    clock.now += 86_400_000;
    expect(await go()).toMatchObject([{ outcome: 'delivered' }]);
  });

  it('REQUIRETLS needs a policy that names the server, and a server that offers it', async () => {
    const { transport, end, dns, policy } = await world('testing', ['mx.b.example'], ['mx.b.example']);
    const message = shipment(MESSAGE, { to });
    const strict = { ...message, terms: { ...message.terms, requireTls: true } };
    expect(await send(transport, strict)).toMatchObject([{ outcome: 'delivered' }]);
    expect(end.received[0]?.parameters.requireTls).toBe(true);
    // Without a policy, the name of the server comes from DNS alone.
    const unsure = mx(dns, end.port, `private=allow&sts=off&ca=${authority.ca}`);
    expect(await send(unsure, strict)).toMatchObject([{ outcome: 'bounced', enhancedCode: '5.7.30' }]);
    const none = await startRemoteServer({ certificates: await authority.issue(['mx.b.example']) });
    const without = mx(dns, none.port, `private=allow&sts_port=${policy.port}&ca=${authority.ca}`);
    expect(await send(without, strict)).toMatchObject([
      { outcome: 'bounced', enhancedCode: '5.7.30', reply: expect.stringContaining('does not offer') },
    ]);
    expect(outcomesOf(await send(without, message))[0]).toContain('delivered');
  });
});
