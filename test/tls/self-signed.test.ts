import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../src/cli/serve/self-signed.js';
import { Certificates } from '../../src/server/tls/certificates.js';
import { testCertificates } from '../certs.js';
import { Loopback } from './loopback.js';

const DAY_MS = 86_400_000;

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'postern-self-signed-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

async function certificate(): Promise<X509Certificate> {
  return new X509Certificate(await readFile(join(data, 'tls/self-signed.crt')));
}

describe('the self-signed certificate', () => {
  it('is made on the first start, in tls/ of the data folder', async () => {
    const made = await selfSigned(data, 'mail.example.com');
    expect(made).toEqual({
      certFile: join(data, 'tls/self-signed.crt'),
      keyFile: join(data, 'tls/self-signed.key'),
      created: true,
      fingerprint: (await certificate()).fingerprint256,
    });
    expect((await readdir(join(data, 'tls'))).sort()).toEqual(['self-signed.crt', 'self-signed.key']);
  });

  it('names the host, localhost and the loopback addresses', async () => {
    await selfSigned(data, 'mail.example.com');
    const made = await certificate();
    for (const host of ['mail.example.com', 'localhost']) expect(made.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '::1']) expect(made.checkIP(address)).toBe(address);
    expect(made.checkHost('other.example.com')).toBeUndefined();
  });

  it('lasts two years, and no longer than all clients take', async () => {
    await selfSigned(data, 'mail.example.com');
    const { validFrom, validTo } = await certificate();
    expect(Date.parse(validFrom)).toBeLessThan(Date.now());
    expect(Date.parse(validTo) - Date.now()).toBeGreaterThan(729 * DAY_MS);
    expect(Date.parse(validTo) - Date.parse(validFrom)).toBeLessThan(825 * DAY_MS);
  });

  it('keeps its key for its owner', async () => {
    const { keyFile } = await selfSigned(data, 'mail.example.com');
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  });

  it('works with clients that trust it', async () => {
    const { certFile, keyFile } = await selfSigned(data, 'mail.example.com');
    const loopback = await Loopback.open(Certificates.load([{ certFile, keyFile }]));
    const ca = await readFile(certFile);
    try {
      for (const servername of ['mail.example.com', 'localhost']) {
        const socket = await loopback.connect({ ca, servername, rejectUnauthorized: true });
        expect(socket.authorized).toBe(true);
      }
    } finally {
      await loopback.close();
    }
  });

  it.each(['my_host', '192.0.2.7', 'localhost'])('is for a host named %s, too', async (hostname) => {
    expect((await selfSigned(data, hostname)).created).toBe(true);
    expect((await selfSigned(data, hostname)).created).toBe(false);
  });
});

describe('the next start', () => {
  let earlier: string;

  beforeAll(async () => {
    earlier = await mkdtemp(join(tmpdir(), 'postern-self-signed-'));
    await selfSigned(earlier, 'mail.example.com');
  });
  beforeEach(() => cp(earlier, data, { recursive: true }));
  afterAll(() => rm(earlier, { recursive: true, force: true }));

  it('takes the same', async () => {
    const made = await selfSigned(data, 'mail.example.com');
    expect(await selfSigned(data, 'mail.example.com')).toEqual({ ...made, created: false });
  });

  it.each([
    ['the host has another name', 'new.example.com', 0],
    ['it has expired', 'mail.example.com', 731],
    ['it ends within a month', 'mail.example.com', 701],
  ])('makes another when %s', async (_, hostname, daysLater) => {
    const made = await selfSigned(data, 'mail.example.com');
    const next = await selfSigned(data, hostname, Date.now() + daysLater * DAY_MS);
    expect(next.created).toBe(true);
    expect(next.fingerprint).not.toBe(made.fingerprint);
    expect((await certificate()).checkHost(hostname)).toBe(hostname);
  });

  it('takes the same when more than a month is left', async () => {
    await selfSigned(data, 'mail.example.com');
    expect((await selfSigned(data, 'mail.example.com', Date.now() + 699 * DAY_MS)).created).toBe(false);
  });

  it('makes another when a crash left half of a pair', async () => {
    const { certFile, keyFile } = await selfSigned(data, 'mail.example.com');
    const cert = await readFile(certFile);
    await unlink(certFile);
    expect((await selfSigned(data, 'mail.example.com')).created).toBe(true);
    await writeFile(certFile, cert);
    expect((await selfSigned(data, 'mail.example.com')).created).toBe(true);
    expect((await certificate()).checkPrivateKey(createPrivateKey(await readFile(keyFile)))).toBe(true);
  });

  it('makes another when a file is damaged', async () => {
    const { certFile } = await selfSigned(data, 'mail.example.com');
    await writeFile(certFile, 'damaged');
    expect((await selfSigned(data, 'mail.example.com')).created).toBe(true);
  });

  it('does not mind what a crash left of an attempt', async () => {
    const { keyFile } = await selfSigned(data, 'mail.example.com');
    await writeFile(`${keyFile}.new`, 'half a k');
    expect((await selfSigned(data, 'new.example.com')).created).toBe(true);
    expect((await readdir(join(data, 'tls'))).sort()).toEqual(['self-signed.crt', 'self-signed.key']);
  });

  it('rejects where its folder cannot be made', async () => {
    await rm(join(data, 'tls'), { recursive: true });
    await writeFile(join(data, 'tls'), 'a file');
    await expect(selfSigned(data, 'mail.example.com')).rejects.toThrow(/ENOTDIR/);
  });
});

describe('the development certificates', () => {
  it('name their issuer by its key, as strict clients ask', async () => {
    const { ca, cert, clientCert } = await testCertificates();
    for (const file of [ca, cert, clientCert]) {
      const { raw } = new X509Certificate(await readFile(file));
      // The object identifier 2.5.29.35, authorityKeyIdentifier.
      expect(raw.includes(Buffer.from('0603551d23', 'hex'))).toBe(true);
    }
  });

  it('are trusted through their authority', async () => {
    const { ca, cert, key } = await testCertificates();
    const loopback = await Loopback.open(Certificates.load([{ certFile: cert, keyFile: key }]));
    try {
      const socket = await loopback.connect({
        ca: await readFile(ca),
        servername: 'localhost',
        rejectUnauthorized: true,
      });
      expect(socket.authorized).toBe(true);
    } finally {
      await loopback.close();
    }
  });
});
