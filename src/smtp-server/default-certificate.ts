import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, PEM both. */
export interface DefaultCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_DAYS = 365;

/** Made when it is first needed, and once for a process: no client trusts it anyway. */
let made: DefaultCertificate | null = null;

/**
 * Returns the certificate of a server that was given none: self-signed, for `localhost`, with a key that exists in this
 * process alone.
 */
export function defaultCertificate(now = Date.now()): DefaultCertificate {
  made ??= makeCertificate(now);
  return made;
}

//   Certificate    ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }    ; RFC 5280 4.1
//   TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
//                                 subjectPublicKeyInfo, [3] extensions }
function makeCertificate(now: number): DefaultCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(objectId(COMMON_NAME), element(UTF8_STRING, Buffer.from('localhost')))));
  const alternative = sequence(element(DNS_NAME, Buffer.from('localhost')));
  const extension = sequence(objectId(SUBJECT_ALT_NAME), element(OCTET_STRING, alternative));
  const algorithm = sequence(objectId(ECDSA_WITH_SHA256));
  const body = sequence(
    element(VERSION, element(INTEGER, Buffer.from([2]))),
    element(INTEGER, serialNumber()),
    algorithm,
    name,
    // A day back, for clients whose clock is slow.
    sequence(time(now - DAY_MS), time(now + VALID_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(EXTENSIONS, sequence(extension)),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(
    body,
    algorithm,
    element(BIT_STRING, Buffer.concat([NO_UNUSED_BITS, signature])),
  );
  return { cert: pem(certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const NO_UNUSED_BITS = Buffer.from([0]);

/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
/** 2.5.4.3 */
const COMMON_NAME = '550403';
/** 2.5.29.17 */
const SUBJECT_ALT_NAME = '551d11';

/** Positive, and without a leading zero (RFC 5280 4.1.2.2). */
function serialNumber(): Buffer {
  const octets = randomBytes(16);
  octets.writeUInt8((octets.readUInt8(0) & 0x3f) | 0x40, 0);
  return octets;
}

/** RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime afterwards. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '');
  return at < Date.UTC(2050, 0, 1)
    ? element(UTC_TIME, Buffer.from(digits.slice(2)))
    : element(GENERALIZED_TIME, Buffer.from(digits));
}

function objectId(hex: string): Buffer {
  return element(OBJECT_ID, Buffer.from(hex, 'hex'));
}

function set(...parts: readonly Buffer[]): Buffer {
  return element(SET, Buffer.concat(parts));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(SEQUENCE, Buffer.concat(parts));
}

/** Tag, length and content (DER, X.690 8.1.3). */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const octets = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...octets]), content]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
