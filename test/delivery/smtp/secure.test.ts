/**
 * Invariant: only the relay gets the password; if TLS as required is not available, the message is deferred with the
 * reason.
 */
import { describe, expect, it } from 'vitest';
import { expectNoTrouble } from '../../server/harness.js';
import { brokenTls } from '../broken-tls.js';
import { startRemoteServer } from '../remote-server.js';
import { shipment } from '../files/shipment.js';
import { pki } from '../pki.js';
import { send, smarthost } from './setup.js';

expectNoTrouble();

const MESSAGE = 'Subject: x\r\n\r\nhello\r\n';
const USERS = { 'alice@x': 'hun/ter2' };
const ALICE = 'alice%40x:hun%2Fter2';
const TLS = /^TLSv1\.3 TLS_/;
const authority = await pki();

it('authenticates once for each connection', async () => {
  const end = await startRemoteServer({ users: USERS });
  const transport = smarthost(`smtp://${ALICE}@localhost:${end.port}`);
  for (let i = 0; i < 3; i++)
    expect(await send(transport, shipment(MESSAGE))).toMatchObject([{ outcome: 'delivered' }]);
  expect(end.received.map(({ user }) => user)).toEqual(['alice@x', 'alice@x', 'alice@x']);
  expect(end.connections).toBe(1);
});

it('reports a wrong password, and does not repeat it', async () => {
  const end = await startRemoteServer({ users: USERS });
  const transport = smarthost(`smtp://alice%40x:sesame77@localhost:${end.port}`);
  const [refused] = await send(transport, shipment(MESSAGE));
  expect(refused).toMatchObject({ outcome: 'deferred', transportFailed: true, enhancedCode: '5.7.8' });
  expect(refused?.reply).toMatch(/^localhost refused the user name and the password: 535 5\.7\.8 /);
  end.behave = ({ phase }) => (phase === 'auth' ? '535 5.7.8 Bad password sesame77 of alice' : undefined);
  const [repeated] = await send(transport, shipment(MESSAGE));
  expect(repeated?.reply).toContain('Bad password [secret]');
});

it('sends no password to a relay that does not offer AUTH', async () => {
  const end = await startRemoteServer();
  const [delivery] = await send(smarthost(`smtp://${ALICE}@localhost:${end.port}`), shipment(MESSAGE));
  expect(delivery).toMatchObject({
    outcome: 'deferred',
    transportFailed: true,
    reply: 'localhost does not offer AUTH here',
  });
});

describe('TLS', () => {
  it.each([
    ['smtps', 'implicit', ''],
    ['smtp', 'starttls', 'tls=required&'],
  ] as const)('%s, %s: verifies the certificate', async (scheme, tls, options) => {
    const end = await startRemoteServer({
      certificates: await authority.issue(['localhost']),
      tls,
      users: USERS,
    });
    const url = `${scheme}://${ALICE}@localhost:${end.port}?${options}`;
    expect(await send(smarthost(`${url}ca=${authority.ca}`), shipment(MESSAGE))).toMatchObject([
      { outcome: 'delivered', tls: expect.stringMatching(TLS) },
    ]);
    expect(end.received).toMatchObject([{ tls: true, user: 'alice@x' }]);
    expect(await send(smarthost(url), shipment(MESSAGE))).toMatchObject([
      {
        outcome: 'deferred',
        transportFailed: true,
        reply: expect.stringContaining('no authority that is trusted here has issued its certificate'),
      },
    ]);
    expect(await send(smarthost(`${url}verify=off`), shipment(MESSAGE))).toMatchObject([
      { outcome: 'delivered' },
    ]);
  });

  it.each([
    ['expired', ['localhost'], true, 'its certificate has expired (CERT_HAS_EXPIRED)'],
    ['for another name', ['other.example'], false, 'its certificate is for another name'],
  ])('rejects a certificate that is %s', async (_, names, expired, reason) => {
    const end = await startRemoteServer({ certificates: await authority.issue(names, expired) });
    const url = `smtp://localhost:${end.port}`;
    expect(await send(smarthost(`${url}?tls=required&ca=${authority.ca}`), shipment(MESSAGE))).toMatchObject([
      {
        outcome: 'deferred',
        transportFailed: true,
        reply: expect.stringContaining(`localhost gave no TLS: ${reason}`),
      },
    ]);
    // By default, TLS with an unverified certificate is better than plain text.
    expect(await send(smarthost(url), shipment(MESSAGE))).toMatchObject([
      { outcome: 'delivered', tls: expect.stringMatching(TLS) },
    ]);
    expect(end.received.length).toBe(1);
  });

  it('defers if TLS is required and STARTTLS is missing', async () => {
    const end = await startRemoteServer();
    const [delivery] = await send(smarthost(`smtp://localhost:${end.port}?tls=required`), shipment(MESSAGE));
    expect(delivery).toMatchObject({ outcome: 'deferred', transportFailed: true });
    expect(delivery?.reply).toContain('localhost gave no TLS');
    expect(end.received).toEqual([]);
  });

  it('does not use TLS if it is off', async () => {
    const end = await startRemoteServer({ certificates: await authority.issue(['localhost']) });
    const [delivery] = await send(smarthost(`smtp://localhost:${end.port}?tls=off`), shipment(MESSAGE));
    expect(delivery).toMatchObject({ outcome: 'delivered', tls: null });
  });

  it('if the handshake fails, goes on in plain text without a password, and stops with one', async () => {
    const relay = await brokenTls();
    expect(await send(smarthost(`smtp://localhost:${relay.port}`), shipment(MESSAGE))).toMatchObject([
      { outcome: 'delivered', tls: null },
    ]);
    expect(await send(smarthost(`smtp://${ALICE}@localhost:${relay.port}`), shipment(MESSAGE))).toMatchObject(
      [{ outcome: 'deferred', transportFailed: true, reply: expect.stringContaining('gave no TLS') }],
    );
    expect(relay.handshakes()).toBe(2);
  });

  it('reports smtps to a port that speaks plain text', async () => {
    const end = await startRemoteServer();
    const [delivery] = await send(smarthost(`smtps://localhost:${end.port}`), shipment(MESSAGE));
    expect(delivery).toMatchObject({ outcome: 'deferred', transportFailed: true });
    expect(delivery?.reply).toContain('it answered with something that is not TLS');
  });
});

it('REQUIRETLS needs verified TLS, and a server that offers it', async () => {
  const certificates = await authority.issue(['localhost']);
  const offers = await startRemoteServer({ certificates, extensions: { requireTls: true } });
  const message = shipment(MESSAGE);
  const strict = { ...message, terms: { ...message.terms, requireTls: true } };
  const url = (port: number): string => `smtp://localhost:${port}?tls=required&ca=${authority.ca}`;
  expect(await send(smarthost(url(offers.port)), strict)).toMatchObject([{ outcome: 'delivered' }]);
  expect(offers.received).toMatchObject([{ parameters: { requireTls: true } }]);
  expect(await send(smarthost(`smtp://localhost:${offers.port}`), strict)).toMatchObject([
    { outcome: 'bounced', enhancedCode: '5.7.30' },
  ]);
  const lacks = await startRemoteServer({ certificates });
  expect(await send(smarthost(url(lacks.port)), strict)).toMatchObject([
    {
      outcome: 'bounced',
      enhancedCode: '5.7.30',
      reply: expect.stringContaining('does not offer REQUIRETLS'),
    },
  ]);
  expect(lacks.received).toEqual([]);
});
