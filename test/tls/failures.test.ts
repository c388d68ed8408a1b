// Handshakes that fail, each provoked for real, and what the operator reads of them: words, not OpenSSL's.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Certificates } from '../../src/server/index.js';
import { testCertificates } from '../certs.js';
import { createHello } from '../server/client-hello.js';
import { expectNoTrouble, serve, until } from '../server/harness.js';

expectNoTrouble();

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A port of implicit TLS, and why clients were given up on it. */
async function serveTls(
  minVersion: SecureVersion = 'TLSv1.2',
): Promise<{ port: number; arrivals: string[] }> {
  const { cert, key } = await testCertificates();
  const certificates = Certificates.load([{ certFile: cert, keyFile: key }], { minVersion });
  return serve({ certificates }, { tls: 'implicit' });
}

/** Runs `openssl s_client` until the server has given it up. */
async function client(minVersion: SecureVersion | undefined, ...args: string[]): Promise<string[]> {
  const { port, arrivals } = await serveTls(minVersion);
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const closed = once(child, 'close');
  child.stdin.on('error', () => undefined);
  await until('the client is given up', () => arrivals.length > 0);
  child.kill('SIGKILL');
  await closed;
  return arrivals;
}

/** Sends octets; with a ClientHello first, waits for the answer to that. */
async function send(octets: Uint8Array | string, hello: Uint8Array | null = null): Promise<string[]> {
  const { port, arrivals } = await serveTls();
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  if (hello !== null) {
    socket.write(hello);
    await once(socket, 'data');
  }
  socket.resume().write(octets);
  await until('the client is given up', () => arrivals.length > 0);
  socket.destroy();
  return arrivals;
}

describe.skipIf(!hasOpenssl)('openssl s_client', () => {
  const seclevel0 = 'ALL:@SECLEVEL=0';
  const verify = ['-verify_return_error', '-verify', '1'];

  it.each([
    ['TLS 1.0', undefined, ['-tls1', '-cipher', seclevel0], 'UNSUPPORTED_PROTOCOL'],
    ['TLS 1.1', undefined, ['-tls1_1', '-cipher', seclevel0], 'UNSUPPORTED_PROTOCOL'],
    ['TLS 1.2, where 1.3 is the least', 'TLSv1.3', ['-tls1_2'], 'UNSUPPORTED_PROTOCOL'],
  ] as const)('of %s', async (_, least, args, code) => {
    expect(await client(least, ...args)).toEqual([
      `TLS handshake failed: the client offers only TLS versions older than the least that is served (ERR_SSL_${code})`,
    ]);
  });

  it.each([
    ['TLS 1.2', ['-tls1_2', '-cipher', 'CAMELLIA128-SHA:@SECLEVEL=0']],
    ['TLS 1.3', ['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_8_SHA256']],
  ])('without a cipher in common, %s', async (_, args) => {
    expect(await client(undefined, ...args)).toEqual([
      'TLS handshake failed: no cipher suite in common with the client (ERR_SSL_NO_SHARED_CIPHER)',
    ]);
  });

  it('without a signature algorithm in common', async () => {
    const [reason] = await client(undefined, '-sigalgs', 'ECDSA+SHA256');
    expect(reason).toContain('no signature algorithm in common with the client');
  });

  it('that does not know the issuer', async () => {
    expect(await client(undefined, ...verify)).toEqual([
      'TLS handshake failed: the client does not trust the issuer of the certificate (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)',
    ]);
  });

  it('that wants another name', async () => {
    const { ca } = await testCertificates();
    const [reason] = await client(undefined, ...verify, '-CAfile', ca, '-verify_hostname', 'other.example');
    expect(reason).toContain('the client finds the certificate broken, or for another name');
  });

  it('that lives in the year 2096', async () => {
    const { ca } = await testCertificates();
    const [reason] = await client(undefined, ...verify, '-CAfile', ca, '-attime', '4000000000');
    expect(reason).toContain('the client finds the certificate expired');
  });
});

describe('what is no TLS', () => {
  it.each([
    ['SMTP', 'EHLO client.example\r\n', 'the client sent something that is not TLS'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n', 'the client sent an HTTP request'],
    ['a proxy request', 'CONNECT x:25 HTTP/1.1\r\n\r\n', 'the client sent a request for an HTTP proxy'],
    ['a hello that is cut', Buffer.from('1603010005010000010000', 'hex'), 'a TLS record that is broken'],
    [
      'a record that is too long',
      Buffer.from(`160301ffff${'01'.repeat(600)}`, 'hex'),
      'a TLS record that is broken',
    ],
    [
      'a server hello',
      Buffer.from('160301000402000000', 'hex'),
      'the client sent a TLS message out of place',
    ],
  ])('%s', async (_, octets, words) => {
    const [reason] = await send(octets);
    expect(reason).toContain(words);
    // One line, and none of OpenSSL's.
    expect(reason).toMatch(/^TLS handshake failed: [ -~]+ \(ERR_SSL_[A-Z_]+\)$/);
    expect(reason).not.toContain('SSL routines');
  });

  it('a client that goes', async () => {
    const { port, arrivals } = await serveTls();
    connect(port, '127.0.0.1').end();
    await until('the client is given up', () => arrivals.length > 0);
    expect(arrivals).toEqual(['the client closed the connection in the TLS handshake']);
  });
});

describe('alerts of the client (RFC 8446 6.2)', () => {
  it.each([
    [10, 'the client does not understand what the server sent'],
    [40, 'the client finds nothing in common with the server'],
    [42, 'the client finds the certificate broken, or for another name'],
    [43, 'the client cannot use a certificate of this kind'],
    [44, 'the client finds the certificate revoked'],
    [45, 'the client finds the certificate expired'],
    [46, 'the client does not accept the certificate'],
    [47, 'the client does not understand what the server sent'],
    [48, 'the client does not trust the issuer of the certificate'],
    [49, 'the client has decided against it'],
    [50, 'the client does not understand what the server sent'],
    [51, 'the client finds a signature of the server wrong'],
    [70, 'the client does not speak the TLS version that the server chose'],
    [71, 'the client wants stronger ciphers than the server has'],
    [80, 'the client failed by itself'],
    [112, 'the client asked for a name that it does not find in the certificate'],
    // Not in the table: OpenSSL's own words, and no more than those.
    [109, 'tlsv13 alert missing extension'],
  ])('%i: %s', async (alert, words) => {
    const [reason] = await send(Uint8Array.of(21, 3, 3, 0, 2, 2, alert), await createHello());
    expect(reason).toMatch(new RegExp(`^TLS handshake failed: ${words} \\(ERR_SSL_[A-Z0-9_]+\\)$`));
  });
});
