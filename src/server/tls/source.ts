import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { CertificateError } from './error.js';

/** A certificate with its chain (leaf first) and its private key, PEM both, as text or as files. */
export type CertificateSource = TextSource | FileSource;

export interface TextSource {
  /** PEM: the leaf first, then the intermediate certificates. */
  readonly cert: string | Buffer;
  /** PEM, not protected by a passphrase. */
  readonly key: string | Buffer;
  /** Host names to serve it for, `*.example.com` allowed. Default: the certificate's own. */
  readonly names?: readonly string[];
}

export interface FileSource {
  /** Path of what {@link TextSource.cert} is. */
  readonly certFile: string;
  /** Path of what {@link TextSource.key} is; may be the same file. */
  readonly keyFile: string;
  /** Host names to serve it for, `*.example.com` allowed. Default: the certificate's own. */
  readonly names?: readonly string[];
}

/** A source after reading: PEM text, and where it came from, for messages. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
  readonly certWhere: string;
  readonly keyWhere: string;
  readonly names: readonly string[] | undefined;
}

/** Reads at start, where there is nothing yet that waiting would hold up. @throws CertificateError */
export function readSourcesSync(sources: readonly CertificateSource[]): PemPair[] {
  return sources.map((source, index) => {
    if (!isFiles(source)) return fromText(source, index);
    return fromFiles(source, readOrThrow(source.certFile), readOrThrow(source.keyFile));
  });
}

/** Reads without holding up the event loop: the files may lie on a disk that hangs. Rejects with CertificateError. */
export function readSources(sources: readonly CertificateSource[]): Promise<PemPair[]> {
  return Promise.all(
    sources.map(async (source, index) => {
      if (!isFiles(source)) return fromText(source, index);
      const [cert, key] = await Promise.all([readOrReject(source.certFile), readOrReject(source.keyFile)]);
      return fromFiles(source, cert, key);
    }),
  );
}

/** The files that `sources` are read from, each once. */
export function filesOf(sources: readonly CertificateSource[]): string[] {
  return [...new Set(sources.filter(isFiles).flatMap((source) => [source.certFile, source.keyFile]))];
}

/**
 * A text that differs whenever any of `files` was written, replaced, renamed over, or reached through a
 * link that now leads elsewhere: `stat` follows links, so a swapped link shows as another inode.
 */
export async function signatureOf(files: readonly string[]): Promise<string> {
  const parts = files.map(async (file) => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(':');
    } catch (error) {
      return errorCode(error);
    }
  });
  return (await Promise.all(parts)).join(' ');
}

function isFiles(source: CertificateSource): source is FileSource {
  return 'certFile' in source;
}

function fromText(source: TextSource, index: number): PemPair {
  return {
    cert: source.cert.toString(),
    key: source.key.toString(),
    certWhere: `cert of certificate source ${index + 1}`,
    keyWhere: `key of certificate source ${index + 1}`,
    names: source.names,
  };
}

function fromFiles(source: FileSource, cert: string, key: string): PemPair {
  return { cert, key, certWhere: source.certFile, keyWhere: source.keyFile, names: source.names };
}

export function readOrThrow(file: string): string {
  try {
    // latin1: a PEM file is ASCII, and a file that is not keeps its first octet for the message.
    return withoutBom(readFileSync(file, 'latin1'));
  } catch (error) {
    throw cannotRead(file, error);
  }
}

export async function readOrReject(file: string): Promise<string> {
  try {
    return withoutBom(await readFile(file, 'latin1'));
  } catch (error) {
    throw cannotRead(file, error);
  }
}

/** Some editors put a byte order mark before the first line, which OpenSSL then does not take for a PEM block. */
function withoutBom(text: string): string {
  return text.replace(/^\xef\xbb\xbf/, '');
}

const REASONS = new Map([
  ['ENOENT', 'no such file'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of its path is not a folder'],
  ['ELOOP', 'its links go round in a circle'],
]);

function cannotRead(file: string, cause: unknown): CertificateError {
  const code = errorCode(cause);
  return new CertificateError('cannot-read', file, `cannot read: ${REASONS.get(code) ?? code}`, { cause });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
