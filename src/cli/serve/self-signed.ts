import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { issueCertificate, type IssuedCertificate } from './issue-certificate.js';

interface SelfSigned {
  /** PEM file of the certificate. */
  readonly certFile: string;
  /** PEM file of the key; only its owner can read it. */
  readonly keyFile: string;
  /** True if it was made now; false if an earlier start made it. */
  readonly created: boolean;
  /** SHA-256 of the certificate in hexadecimal with colons, for clients that pin it. */
  readonly fingerprint: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * Validity of two years. A person who trusts it by hand should not have to do so often; but Apple's systems refuse a
 * server certificate that is valid for more than 825 days, even if a private authority issued it
 * (support.apple.com/103769).
 */
const VALID_DAYS = 730;
/** The validity begins a day ago, for clients whose clock is slow. */
const BACKDATED_DAYS = 1;
/** If a start finds less than this left, it makes a new one: the process may then run for a while. */
const RENEW_BEFORE_DAYS = 30;

/**
 * Returns the self-signed certificate of a server without a configured one, in `<dataFolder>/tls`. It is the one of an
 * earlier start; a new one is made if it is missing, if it ends soon, or if it names another host.
 *
 * It is for `hostname`, `localhost`, `127.0.0.1` and `::1`. `now` is in milliseconds since 1970. Rejects with the file
 * system's error if the folder cannot be read or written.
 */
export async function selfSigned(
  dataFolder: string,
  hostname: string,
  now = Date.now(),
): Promise<SelfSigned> {
  const folder = join(dataFolder, 'tls');
  const certFile = join(folder, 'self-signed.crt');
  const keyFile = join(folder, 'self-signed.key');

  const kept = usable(await readIfThere(certFile), await readIfThere(keyFile), hostname, now);
  if (kept !== undefined) return { certFile, keyFile, created: false, fingerprint: kept.fingerprint256 };

  const made = await make(hostname, now);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // If the power failed between the two, they would not match; the next start would see that and make new ones.
  await replaceFile(keyFile, made.key, 0o600);
  await replaceFile(certFile, made.cert, 0o600);
  return { certFile, keyFile, created: true, fingerprint: new X509Certificate(made.cert).fingerprint256 };
}

function make(hostname: string, now: number): Promise<IssuedCertificate> {
  return issueCertificate({
    commonName: hostname,
    names: [...new Set([hostname, 'localhost', '127.0.0.1', '::1'])],
    use: 'server',
    validFrom: new Date(now - BACKDATED_DAYS * DAY_MS),
    validTo: new Date(now + VALID_DAYS * DAY_MS),
  });
}

/** Returns the certificate if it can serve: it matches the key, names this host, and has enough time left. */
function usable(
  cert: string | undefined,
  key: string | undefined,
  hostname: string,
  now: number,
): X509Certificate | undefined {
  if (cert === undefined || key === undefined) return undefined;
  try {
    const certificate = new X509Certificate(cert);
    const timeLeft = Date.parse(certificate.validTo) - now;
    const names = isIP(hostname) ? certificate.checkIP(hostname) : certificate.checkHost(hostname);
    const serves =
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      Date.parse(certificate.validFrom) <= now &&
      timeLeft > RENEW_BEFORE_DAYS * DAY_MS &&
      names !== undefined;
    return serves ? certificate : undefined;
  } catch {
    // Not a certificate or not a key: Postern owns these files, so it makes them again.
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces a file in one durable step: a reader sees the old file or the new one, also after a crash. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.new`;
  // Removes what a crash may have left: its mode and its owner could be wrong.
  await rm(temporary, { force: true });
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Syncs a folder: a rename is on disk only once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; it makes renames durable by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
