import { type KeyObject, createHash, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { HeaderSection } from '../../message/section.js';
import type { DkimKey } from '../../store/dkim-keys.js';
import { relaxedField } from './relaxed.js';
import { formatSignatureField } from './signature-field.js';

export interface SigningKey extends Pick<DkimKey, 'domain' | 'selector' | 'algorithm'> {
  readonly privateKey: KeyObject;
}

/** Fields that are signed once more than they occur, even if they do not occur, so that an attacker cannot add one. */
const ALWAYS = ['From', 'Reply-To', 'Subject', 'To', 'Cc'];
/** Fields that are signed once more than they occur, if they occur. */
const IF_PRESENT = [
  'Sender',
  'Date',
  'Message-ID',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'Content-ID',
  'Content-Description',
  'In-Reply-To',
  'References',
];
/**
 * Fields that are signed as often as they occur, since a mailing list may add its own. RFC 8058 4 asks for the last
 * ones.
 */
const PLAIN = [
  'Resent-Date',
  'Resent-From',
  'Resent-Sender',
  'Resent-To',
  'Resent-Cc',
  'Resent-Message-ID',
  'List-Id',
  'List-Help',
  'List-Subscribe',
  'List-Post',
  'List-Owner',
  'List-Archive',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
];

/**
 * The part of a header section that signatures cover: names for the `h` tag, and the canonical octets of these fields.
 */
interface SignedFields {
  readonly names: readonly string[];
  readonly canonical: string;
}

/**
 * Largest number of fields of one name that are signed: the last ones, since a verifier starts at the end. RFC 5322
 * 3.6 allows one field of most names and a few of the others. Without this limit, a header section of 50,000 To fields
 * would get a signature of 400 KB.
 */
const SIGNED_OF_A_NAME = 10;

/**
 * Returns the fields to sign (RFC 6376 5.4): those of each name from the last to the first, as a verifier reads them
 * (5.4.2).
 */
export function fieldsToSign(header: HeaderSection): SignedFields {
  const names: string[] = [];
  let canonical = '';
  const add = (name: string, when: 'always' | 'present' | 'never'): void => {
    const fields = header.last(name, SIGNED_OF_A_NAME + 1);
    const isAll = fields.length <= SIGNED_OF_A_NAME;
    if (!isAll) fields.pop();
    for (const { octets } of fields) canonical += `${relaxedField(octets.toString('latin1'))}\r\n`;
    // If there are more of them, one more name would not mean "no further field" but the next field.
    const extra = isAll && (when === 'always' || (when === 'present' && fields.length > 0)) ? 1 : 0;
    names.push(...Array.from({ length: fields.length + extra }, () => name));
  };
  for (const name of ALWAYS) add(name, 'always');
  for (const name of IF_PRESENT) add(name, 'present');
  for (const name of PLAIN) add(name, 'never');
  return { names, canonical };
}

const signAsync = promisify<string | null, Uint8Array, KeyObject, Buffer>(sign);

/**
 * Returns a DKIM-Signature field (RFC 6376; RFC 8463 for Ed25519) with its CRLF: relaxed/relaxed.
 *
 * @param bodyHash in base64
 * @param time time of signing, in milliseconds since the epoch
 */
export async function signatureField(
  key: SigningKey,
  { names, canonical }: SignedFields,
  bodyHash: string,
  time: number,
): Promise<string> {
  const tags = {
    algorithm: key.algorithm,
    domain: key.domain,
    selector: key.selector,
    names,
    bodyHash,
    time: Math.floor(time / 1000),
  };
  // RFC 6376 3.7: the signature covers its own field with an empty `b`, and without the CRLF.
  const data = Buffer.from(
    canonical + relaxedField(formatSignatureField({ ...tags, signature: '' })),
    'latin1',
  );
  const signature =
    key.algorithm === 'rsa-sha256'
      ? await signAsync('sha256', data, key.privateKey)
      : // RFC 8463 3: Ed25519 signs the hash.
        await signAsync(null, createHash('sha256').update(data).digest(), key.privateKey);
  return `${formatSignatureField({ ...tags, signature: signature.toString('base64') })}\r\n`;
}
