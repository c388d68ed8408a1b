import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import { CertificateError, Certificates, type CertificateSource } from '../../src/server/tls/certificates.js';
import { pairFor } from './loopback.js';

let folder: string;
let one: IssuedCertificate;
let two: IssuedCertificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-tls-errors-'));
  [one, two] = await Promise.all([pairFor(['one.example']), pairFor(['two.example'])]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Returns the error that loading `sources` throws. */
function failure(...sources: CertificateSource[]): CertificateError {
  try {
    Certificates.load(sources);
  } catch (error) {
    if (error instanceof CertificateError) return error;
    throw error;
  }
  throw new Error('it loaded');
}

/** Runs `what` as an unprivileged user, since root may read everything. */
function unprivileged<T>(what: () => T): T {
  if (process.geteuid?.() !== 0) return what();
  process.seteuid?.(65534);
  try {
    return what();
  } finally {
    process.seteuid?.(0);
  }
}

async function file(name: string, text: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

it('files may begin with a byte order mark', async () => {
  const certFile = await file('bom.crt', `\ufeff${one.cert}`);
  const keyFile = await file('bom.key', `\ufeff${one.key}`);
  expect(Certificates.load([{ certFile, keyFile }]).warnings).toEqual([]);
});

describe('what is said of a bad source', () => {
  it('a file that is not there', () => {
    const error = failure({ certFile: '/nowhere/a.pem', keyFile: '/nowhere/b.pem' });
    expect(error).toMatchObject({ code: 'cannot-read', where: '/nowhere/a.pem' });
    expect(error.message).toBe('/nowhere/a.pem: cannot read: no such file');
  });

  it('a file that may not be read', async () => {
    const keyFile = await file('secret.pem', one.key);
    const certFile = await file('cert.pem', one.cert);
    await chmod(keyFile, 0);
    await chmod(folder, 0o755);
    const error = unprivileged(() => failure({ certFile, keyFile }));
    expect(error.message).toBe(`${keyFile}: cannot read: permission denied`);
  });

  it('a folder', () => {
    expect(failure({ certFile: folder, keyFile: folder }).message).toBe(
      `${folder}: cannot read: it is a folder`,
    );
  });

  it('a key of another certificate', async () => {
    const certFile = await file('one.pem', one.cert);
    const keyFile = await file('two-key.pem', two.key);
    const error = failure({ certFile, keyFile });
    expect(error).toMatchObject({ code: 'key-mismatch', where: keyFile });
    expect(error.message).toBe(
      `${keyFile}: key does not belong to certificate ${certFile}: ` +
        'expected the key of one.example, found an RSA key of another certificate',
    );
  });

  it('a key of another kind', () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    expect(failure({ cert: one.cert, key }).message).toContain('found an EC key of another certificate');
  });

  it('a chain in the wrong order', () => {
    const error = failure({ cert: two.cert + one.cert, key: one.key });
    expect(error.code).toBe('key-mismatch');
    expect(error.message).toContain(
      "found the key of certificate 2 in cert of certificate source 1 (the server's own must come first)",
    );
  });

  it('certificate and key changed over', () => {
    const error = failure({ cert: one.key, key: one.cert });
    expect(error.code).toBe('not-pem');
    expect(error.message).toBe(
      'cert of certificate source 1: not PEM: expected a CERTIFICATE, found PRIVATE KEY',
    );
  });

  it.each([
    ['nothing', '', 'found nothing (it is empty)'],
    ['other text', 'hello', 'found text without a PEM block'],
    ['DER', Buffer.from('3082010a0282', 'hex').toString('latin1'), 'found binary data (DER?'],
  ])('%s in place of a certificate', async (name, text, expected) => {
    const certFile = await file(`${name}.pem`, Buffer.from(text, 'latin1'));
    const error = failure({ certFile, keyFile: await file('key.pem', one.key) });
    expect(error).toMatchObject({ code: 'not-pem', where: certFile });
    expect(error.message).toContain(expected);
  });

  it('a key that is cut off inside its block', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQ==\n-----END PRIVATE KEY-----\n';
    expect(failure({ cert: one.cert, key }).code).toBe('malformed');
  });

  it('a certificate that is cut off inside its block', () => {
    const cert = '-----BEGIN CERTIFICATE-----\nMIIEvQ==\n-----END CERTIFICATE-----\n';
    expect(failure({ cert, key: one.key }).code).toBe('malformed');
  });

  it('a key under a passphrase', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    expect(failure({ cert: one.cert, key }).code).toBe('key-encrypted');
  });

  it('no source', () => {
    expect(failure().code).toBe('no-source');
  });

  it('the second source, when the first is good', () => {
    expect(failure(one, { cert: two.cert, key: one.key }).where).toBe('key of certificate source 2');
  });

  it('an end before the beginning', async () => {
    const pair = await pairFor(['backwards.example'], 10, -10);
    expect(failure(pair).code).toBe('bad-dates');
  });

  it('a cipher list that names nothing, which is no fault of the certificate', () => {
    expect(() => Certificates.load([one], { ciphers: 'NO-SUCH' })).toThrow(/^ciphers: .*found "NO-SUCH"/);
  });

  it('never anything of the key', () => {
    const secret = one.key.split('\n')[1] ?? '';
    for (const source of [
      { cert: one.key, key: one.cert },
      { cert: two.cert, key: one.key },
      { cert: one.cert, key: secret },
    ]) {
      const error = failure(source);
      expect(`${error.message} ${String(error.stack)} ${JSON.stringify(error)}`).not.toContain(
        secret.slice(0, 20),
      );
    }
  });
});

describe('what is served with a warning', () => {
  it('an expired certificate', async () => {
    const certificates = Certificates.load([await pairFor(['old.example'], -40, -10)]);
    const day = new Date(Date.now() - 10 * 86_400_000).toISOString().slice(0, 10);
    expect(certificates.warnings).toEqual([
      {
        code: 'expired',
        where: 'cert of certificate source 1',
        message: `cert of certificate source 1: expired on ${day}`,
      },
    ]);
  });

  it('a certificate of the future', async () => {
    const certificates = Certificates.load([one, await pairFor(['new.example'], 10, 20)]);
    expect(certificates.warnings.map((warning) => warning.code)).toEqual(['not-yet-valid']);
  });

  it('a good one has no error', () => {
    expect(Certificates.load([one]).warnings).toEqual([]);
  });
});

it('one file may hold both, in any order, with text between', async () => {
  const both = await file('both.pem', `a comment\n${one.key}subject=one\n${one.cert}`);
  expect(Certificates.load([{ certFile: both, keyFile: both }]).facts[0]?.names).toEqual(['one.example']);
});
