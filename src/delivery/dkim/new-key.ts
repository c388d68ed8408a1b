import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { DkimKey } from '../../store/dkim-keys.js';

export type Algorithm = DkimKey['algorithm'];

/**
 * RFC 8301 3.2 recommends 2048 bits. The record of a longer key is too long for the web forms of many DNS providers.
 */
const RSA_BITS = 2048;
/** Number of octets before the key itself in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 4). */
const ED25519_PREFIX = 12;

const generate = promisify(generateKeyPair);

/** Generates a private key: PKCS #8, DER. */
export async function newPrivateKey(algorithm: Algorithm): Promise<Uint8Array> {
  const { privateKey } =
    algorithm === 'rsa-sha256'
      ? await generate('rsa', { modulusLength: RSA_BITS })
      : await generate('ed25519', {});
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/** A TXT record. */
export interface TextRecord {
  /** Without a dot at the end. */
  readonly name: string;
  readonly value: string;
}

/** Returns the record that publishes a key (RFC 6376 3.6.1, RFC 8463 4.1). */
export function keyRecord({
  domain,
  selector,
  algorithm,
  privateKey,
}: Omit<DkimKey, 'createdAt' | 'active'>): TextRecord {
  const secret = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  const info = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  const [type, octets] =
    algorithm === 'rsa-sha256' ? ['rsa', info] : ['ed25519', info.subarray(ED25519_PREFIX)];
  return {
    name: `${selector}._domainkey.${domain}`,
    value: `v=DKIM1; k=${type}; p=${octets.toString('base64')}`,
  };
}

/** Number of octets of one string in a TXT record (RFC 1035 3.3). */
const STRING_OCTETS = 255;

/** Splits an ASCII text into the strings of a TXT record. Readers join them again without a gap. */
export function textStrings(value: string): string[] {
  return value.match(new RegExp(`.{1,${STRING_OCTETS}}`, 'gs')) ?? [''];
}

/** Formats a record as a line of a zone file (RFC 1035 5). */
export function zoneLine({ name, value }: TextRecord): string {
  const strings = textStrings(value).map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
  return `${name}. IN TXT ( ${strings.join(' ')} )`;
}
