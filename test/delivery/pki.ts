import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { issueCertificate } from '../../src/cli/serve/issue-certificate.js';
import { Certificates } from '../../src/index.js';

const DAY_MS = 86_400_000;

/** A certificate authority for the servers of a test file. */
export interface Pki {
  /** Path of the authority's certificate, PEM. */
  readonly ca: string;
  /** Issues a certificate for these names, as the test server takes it; an expired one if `expired` is true. */
  issue(names: readonly string[], expired?: boolean): Promise<Certificates>;
  /** Issues the same as PEM. */
  pem(names: readonly string[], expired?: boolean): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Makes a certificate authority until the end of the test file. */
export async function pki(): Promise<Pki> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-pki-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const now = Date.now();
  const dates = { validFrom: new Date(now - 30 * DAY_MS), validTo: new Date(now + 30 * DAY_MS) };
  const authority = await issueCertificate({
    ...dates,
    commonName: 'test authority',
    names: [],
    use: 'authority',
  });
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, authority.cert);
  const made = new Map<string, Promise<{ readonly cert: string; readonly key: string }>>();
  const pem: Pki['pem'] = (names, expired = false) => {
    const id = `${names.join()} ${expired}`;
    const certificate =
      made.get(id) ??
      issueCertificate({
        ...dates,
        ...(expired ? { validTo: new Date(now - DAY_MS) } : {}),
        commonName: names[0] ?? '',
        names,
        use: 'server',
        issuer: authority,
      });
    made.set(id, certificate);
    return certificate;
  };
  let files = 0;
  return {
    ca,
    pem,
    async issue(names, expired) {
      const { cert, key } = await pem(names, expired);
      const stem = join(folder, String(files++));
      const source = { certFile: `${stem}.pem`, keyFile: `${stem}-key.pem` };
      await Promise.all([writeFile(source.certFile, cert), writeFile(source.keyFile, key)]);
      return Certificates.load([source]);
    },
  };
}
