// Makes the development certificates: a small authority, a server certificate and a client certificate
// that it issued. Does nothing where they are there already and last for another month.
//
//   npm run certs              into this folder
//   node certs/make.js DIR     into another one
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { issueCertificate } from '../dist/cli/serve/issue-certificate.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? here);

const now = Date.now();
const dates = { validFrom: new Date(now - DAY_MS), validTo: new Date(now + 730 * DAY_MS) };

/** Whether every file is there, one authority issued them all, and they last. */
async function present() {
  try {
    const read = async (name) => new X509Certificate(await readFile(join(folder, `${name}.pem`)));
    const [ca, server, client] = await Promise.all(['ca', 'localhost', 'client'].map(read));
    return [ca, server, client].every(
      (cert) => cert.verify(ca.publicKey) && Date.parse(cert.validTo) > now + 30 * DAY_MS,
    );
  } catch {
    return false;
  }
}

/** Moves the files to their names only when they are complete, so that a reader never sees half a file. */
async function keep(name, { cert, key }) {
  for (const [file, text, mode] of [
    [`${name}-key.pem`, key, 0o600],
    [`${name}.pem`, cert, 0o644],
  ]) {
    const temporary = join(folder, `.${file}.${process.pid}.pem`);
    await writeFile(temporary, text, { mode });
    await rename(temporary, join(folder, file));
  }
}

if (await present()) {
  console.log(`certificates are in ${folder}`);
} else {
  await mkdir(folder, { recursive: true });
  const ca = await issueCertificate({
    ...dates,
    commonName: 'Postern development authority',
    names: [],
    use: 'authority',
  });
  const names = ['localhost', '127.0.0.1', '::1'];
  const server = await issueCertificate({
    ...dates,
    commonName: 'localhost',
    names,
    use: 'server',
    issuer: ca,
  });
  const client = await issueCertificate({
    ...dates,
    commonName: 'client',
    names: ['client.localhost'],
    use: 'client',
    issuer: ca,
  });
  await keep('ca', ca);
  await keep('localhost', server);
  await keep('client', client);
  console.log(`certificates made in ${folder}`);
}
