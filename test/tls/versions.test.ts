import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import {
  Certificates,
  type CertificatesOptions,
  DEFAULT_CIPHERS,
} from '../../src/server/tls/certificates.js';
import { Loopback, pairFor } from './loopback.js';

let pair: IssuedCertificate;
let loopback: Loopback;

beforeAll(async () => {
  pair = await pairFor(['mail.example']);
});
afterEach(() => loopback.close());

async function serve(options?: CertificatesOptions): Promise<void> {
  loopback = await Loopback.open(Certificates.load([pair], options));
}

describe.each([
  ['without a server name', {}],
  ['with one', { servername: 'mail.example' }],
])('%s', (_, client) => {
  it('TLS 1.2 and 1.3 are spoken', async () => {
    await serve();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await loopback.connect({ ...client, minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
    }
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s is not', async (version) => {
    await serve();
    // Security level 0, or the client itself would not offer it.
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(loopback.connect({ ...client, ...old })).rejects.toThrow(/protocol version/);
  });

  it('the order of the server decides on the suite', async () => {
    await serve();
    const names = [
      'ECDHE-RSA-CHACHA20-POLY1305',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES128-GCM-SHA256',
    ];
    const ciphers = names.join(':');
    const socket = await loopback.connect({ ...client, maxVersion: 'TLSv1.2', ciphers });
    expect(socket.getCipher().name).toBe('ECDHE-RSA-AES128-GCM-SHA256');
  });

  it('the oldest version can be set', async () => {
    await serve({ minVersion: 'TLSv1.3' });
    await expect(loopback.connect({ ...client, maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
  });

  it.each(['ECDHE-RSA-AES128-SHA256', 'AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA'])(
    'the suite %s is not served by default, and by a setting it is',
    async (ciphers) => {
      const only = { ...client, maxVersion: 'TLSv1.2', ciphers } as const;
      await serve();
      await expect(loopback.connect(only)).rejects.toThrow(/handshake failure/);
      await loopback.close();
      await serve({ ciphers: `${DEFAULT_CIPHERS}:${ciphers}` });
      expect((await loopback.connect(only)).getCipher().name).toBe(ciphers);
    },
  );

  it('a client cannot renegotiate TLS 1.2', async () => {
    await serve();
    const socket = await loopback.connect({ ...client, maxVersion: 'TLSv1.2' });
    const result = await new Promise<string>((resolve) => {
      socket.once('error', (error: Error) => {
        resolve(error.message);
      });
      socket.renegotiate({}, (error: Error | null) => {
        resolve(error === null ? 'renegotiated' : error.message);
      });
    });
    expect(result).toMatch(/no renegotiation/);
  });

  it('the ciphers can be set', async () => {
    await serve({ ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' });
    const only = { ...client, maxVersion: 'TLSv1.2' } as const;
    expect((await loopback.connect(only)).getCipher().name).toBe('ECDHE-RSA-AES256-GCM-SHA384');
    await expect(loopback.connect({ ...only, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })).rejects.toThrow(
      /handshake failure/,
    );
  });
});
