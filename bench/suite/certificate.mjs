import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate } from '../../dist/cli/serve/issue-certificate.js';

const DAY = 86_400_000;

/** One certificate for all contestants, in files; `remove` removes them. */
export async function makeCertificate() {
  const now = Date.now();
  const made = await issueCertificate({
    commonName: 'localhost',
    names: ['localhost', '127.0.0.1'],
    use: 'server',
    validFrom: new Date(now - DAY),
    validTo: new Date(now + DAY),
  });
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.key, { mode: 0o600 });
  return { cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
