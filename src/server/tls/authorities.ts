import { CertificateError, type CertificateWarning } from './error.js';
import { CERTIFICATE, checkDates, found, parse } from './pair.js';
import { readOrReject, readOrThrow } from './source.js';

/** PEM of the authorities that vouch for clients, any number of certificates: as text, or in a file. */
export type AuthoritySource = string | Buffer | { readonly file: string };

/** The authorities' PEM after reading, and where it came from, for messages. */
export interface AuthorityText {
  readonly pem: string;
  readonly where: string;
}

/** Reads at start. @throws CertificateError */
export function readAuthoritiesSync(source: AuthoritySource): AuthorityText {
  return isFile(source) ? { pem: readOrThrow(source.file), where: source.file } : fromText(source);
}

/** Reads without holding up the event loop. Rejects with CertificateError. */
export async function readAuthorities(source: AuthoritySource): Promise<AuthorityText> {
  return isFile(source) ? { pem: await readOrReject(source.file), where: source.file } : fromText(source);
}

/** The file that `source` is read from, if any. */
export function authorityFiles(source: AuthoritySource | undefined): string[] {
  return source !== undefined && isFile(source) ? [source.file] : [];
}

/** Looks at each certificate. @throws CertificateError naming the file, what was expected and what came. */
export function checkAuthorities({ pem, where }: AuthorityText, now: number): CertificateWarning[] {
  const blocks = pem.match(CERTIFICATE);
  if (blocks === null) {
    throw new CertificateError(
      'not-pem',
      where,
      `not PEM: expected CERTIFICATEs of authorities, found ${found(pem)}`,
    );
  }
  return blocks.flatMap((block, index) => {
    const certificate = parse(block, where, `that CERTIFICATE block ${index + 1}`);
    if (certificate.ca) return checkDates(certificate, where, now);
    const problem = `expected certificates of authorities, found that certificate ${index + 1} is none`;
    throw new CertificateError('refused', where, problem);
  });
}

function isFile(source: AuthoritySource): source is { readonly file: string } {
  return typeof source === 'object' && 'file' in source;
}

function fromText(source: string | Buffer): AuthorityText {
  return { pem: source.toString(), where: 'client authorities' };
}
