import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { CertificateError, type CertificateWarning } from './error.js';
import { certificateNames } from './names.js';
import type { PemPair } from './source.js';

/** A certificate and key that have been looked at: they parse, and they belong together. */
export interface CheckedPair {
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
  /** File of the certificate, or a description of its source. */
  readonly where: string;
  /** Host names it is served for, in lower case; patterns as `*.example.com`. */
  readonly names: readonly string[];
  readonly warnings: readonly CertificateWarning[];
}

/** @throws CertificateError naming the file, what was expected and what came. `now` is in milliseconds. */
export function checkPair(pair: PemPair, now: number): CheckedPair {
  const leaf = parseLeaf(pair);
  const key = parseKey(pair);
  if (!leaf.checkPrivateKey(key)) throw mismatch(pair, leaf, key);
  return {
    cert: pair.cert,
    key: pair.key,
    leaf,
    where: pair.certWhere,
    names: (pair.names ?? certificateNames(leaf)).map((name) => name.toLowerCase()),
    warnings: checkDates(leaf, pair.certWhere, now),
  };
}

export const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]+-----END \1-----/g;
const KEY = /-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----[^]+?-----END \1-----/;

function parseLeaf({ cert, certWhere }: PemPair): X509Certificate {
  const [leaf] = cert.match(CERTIFICATE) ?? [];
  if (leaf === undefined) {
    throw new CertificateError('not-pem', certWhere, `not PEM: expected a CERTIFICATE, found ${found(cert)}`);
  }
  return parse(leaf, certWhere);
}

/** @throws CertificateError. `block` is how it calls the PEM block. */
export function parse(pem: string, where: string, block = 'a CERTIFICATE block that'): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const problem = `expected a certificate, found ${block} does not parse as one`;
    throw new CertificateError('malformed', where, problem, { cause });
  }
}

function parseKey({ key, keyWhere }: PemPair): KeyObject {
  const [pem, label] = KEY.exec(key) ?? [];
  if (pem === undefined || label === undefined) {
    throw new CertificateError('not-pem', keyWhere, `not PEM: expected a PRIVATE KEY, found ${found(key)}`);
  }
  if (label.startsWith('ENCRYPTED') || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    const problem = 'expected a private key without passphrase, found one that is protected by one';
    throw new CertificateError('key-encrypted', keyWhere, problem);
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const problem = `expected a private key, found a ${label} block that does not parse as one`;
    throw new CertificateError('malformed', keyWhere, problem, { cause });
  }
}

/** Names what a text is, without quoting any of it: it may be a secret that came to the wrong place. */
export function found(text: string): string {
  if (text.trim() === '') return 'nothing (it is empty)';
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map(([, label]) => label);
  if (labels.length > 0) return [...new Set(labels)].join(', ');
  // A DER file is an ASN.1 SEQUENCE.
  if (text.startsWith('0')) return 'binary data (DER? "openssl x509 -inform der" turns it into PEM)';
  return 'text without a PEM block';
}

function mismatch(pair: PemPair, leaf: X509Certificate, key: KeyObject): CertificateError {
  const chain = pair.cert.match(CERTIFICATE) ?? [];
  const place = chain.findIndex((pem) => parse(pem, pair.certWhere).checkPrivateKey(key));
  const expected = `expected the key of ${describe(leaf)}`;
  const came =
    place > 0
      ? `found the key of certificate ${place + 1} in ${pair.certWhere} (the server's own must come first)`
      : `found ${article(key.asymmetricKeyType)} key of another certificate`;
  const problem = `key does not belong to certificate ${pair.certWhere}: ${expected}, ${came}`;
  return new CertificateError('key-mismatch', pair.keyWhere, problem);
}

function article(type: string | undefined): string {
  const name = (type ?? 'unknown').toUpperCase();
  return /^[AEIORSX]/.test(name) ? `an ${name}` : `a ${name}`;
}

/** Returns a certificate in a few words: its names or, without any, its subject. */
function describe(leaf: X509Certificate): string {
  const names = certificateNames(leaf).join(', ');
  return names === '' ? leaf.subject.replaceAll('\n', ', ') : names;
}

export function checkDates(leaf: X509Certificate, where: string, now: number): CertificateWarning[] {
  const from = Date.parse(leaf.validFrom);
  const to = Date.parse(leaf.validTo);
  if (to <= from) {
    const problem = `expected an end after its beginning ${day(from)}, found ${day(to)}`;
    throw new CertificateError('bad-dates', where, problem);
  }
  // Served all the same: mail under an expired certificate is better than none, and clients decide.
  if (to < now) return [{ code: 'expired', where, message: `${where}: expired on ${day(to)}` }];
  if (from > now) {
    return [{ code: 'not-yet-valid', where, message: `${where}: not valid before ${day(from)}` }];
  }
  return [];
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
