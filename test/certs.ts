import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Paths of PEM files. */
export interface TestCertificates {
  /** The authority that issued the others; what clients trust. */
  readonly ca: string;
  /** The server's certificate: localhost, 127.0.0.1, ::1. */
  readonly cert: string;
  readonly key: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

let made: Promise<TestCertificates> | undefined;

/** The development certificates, made when they are first asked for on this machine. */
export function testCertificates(): Promise<TestCertificates> {
  return (made ??= make());
}

async function make(): Promise<TestCertificates> {
  // Per user: another user's keys could not be read.
  const folder = join(tmpdir(), `postern-test-certs-${userInfo().uid}`);
  for (let attempt = 0; attempt < 5 && !usable(folder); attempt++) {
    const fresh = await mkdtemp(`${folder}-`);
    const script = fileURLToPath(new URL('../certs/make.js', import.meta.url));
    await promisify(execFile)(process.execPath, [script, fresh]);
    try {
      // A whole folder in one step: test files run in parallel, and the first to come here wins.
      await rename(fresh, folder);
    } catch {
      // Another process has won, or the folder has expired. An expired folder is moved away for the next try.
      if (!usable(folder)) await rename(folder, `${fresh}-old`).catch(() => undefined);
      await rm(`${fresh}-old`, { recursive: true, force: true });
      await rm(fresh, { recursive: true, force: true });
    }
  }
  if (!usable(folder)) throw new Error(`no test certificates came to be in ${folder}`);
  return paths(folder);
}

function paths(folder: string): TestCertificates {
  return {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'localhost.pem'),
    key: join(folder, 'localhost-key.pem'),
    clientCert: join(folder, 'client.pem'),
    clientKey: join(folder, 'client-key.pem'),
  };
}

function usable(folder: string): boolean {
  try {
    const { ca, cert, key, clientCert, clientKey } = paths(folder);
    readFileSync(key);
    readFileSync(clientKey);
    const authority = new X509Certificate(readFileSync(ca));
    return [ca, cert, clientCert].every((file) => {
      const certificate = new X509Certificate(readFileSync(file));
      return (
        certificate.verify(authority.publicKey) && Date.parse(certificate.validTo) > Date.now() + 86_400_000
      );
    });
  } catch {
    return false;
  }
}
