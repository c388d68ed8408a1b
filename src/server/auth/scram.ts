import { createHash, createHmac, hkdfSync, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { type Check, checkShape, isCount, isTextOrOctets, type Shape } from '../../base/check-shape.js';
import { scram, type SaslMechanism, type ScramCredentials, type ScramKeys } from '../../protocol/index.js';

/**
 * Rounds of PBKDF2 that keys are made with where nothing else is said. The client computes them at each
 * login. RFC 7677 4 asks for 4096 at least, of 2015.
 */
export const SCRAM_ITERATIONS = 10_000;
const SALT_OCTETS = 16;
/** Octets of a SHA-256. */
const HASH_OCTETS = 32;

const isIterations = isCount(1, 2 ** 31 - 1);

const OPTIONS = {
  iterations: isIterations,
  // As many as HKDF gives.
  saltOctets: isCount(1, 255 * HASH_OCTETS),
  secret: isTextOrOctets,
} satisfies Record<keyof ScramOptions, Check>;

const KEYS: Shape = {
  iterations: isIterations,
  salt: (value) => (value instanceof Uint8Array ? null : 'octets'),
};

export interface ScramOptions {
  /**
   * The rounds that users' keys were made with: a user that does not exist is said to have as many.
   * Default: 10,000.
   */
  readonly iterations?: number;
  /** Octets of the salts of users, used for users that do not exist as well. Default: 16. */
  readonly saltOctets?: number;
  /**
   * The secret from which the salts of unknown users are made. Give the same to all processes, and keep it: if a salt
   * changes, its user does not exist. Default: random, for the life of the process.
   */
  readonly secret?: string | Uint8Array;
}

/** SCRAM-SHA-256 (RFC 5802, 7677), for `mechanisms`. The handler needs `onScram`. */
export function scramSha256(options: ScramOptions = {}): SaslMechanism<ScramCredentials> {
  checkShape('scramSha256', options, OPTIONS);
  const { iterations = SCRAM_ITERATIONS, saltOctets = SALT_OCTETS } = options;
  let { secret } = options;
  // Made when it is needed: this function runs when the module loads, and few programs use SCRAM.
  const key = (): string | Uint8Array => (secret ??= randomBytes(32));
  const derive = (use: string, user: string): Buffer =>
    createHmac('sha256', key()).update(`${use}\0${user}`).digest();
  return scram({
    nonce: () => randomBytes(18).toString('base64'),
    hash: (octets) => createHash('sha256').update(octets).digest(),
    hmac: (key, octets) => createHmac('sha256', key).update(octets).digest(),
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
    decoy: (user) => ({
      salt: Buffer.from(hkdfSync('sha256', key(), user, 'salt', saltOctets)),
      iterations,
      storedKey: derive('stored key', user),
      serverKey: derive('server key', user),
    }),
  });
}

export const SCRAM_SHA_256 = scramSha256();

/**
 * What to keep of a password for SCRAM-SHA-256: give it back from `onScram`. RFC 5802 3:
 *
 *     SaltedPassword = PBKDF2(password, salt, iterations)
 *     StoredKey      = H(HMAC(SaltedPassword, "Client Key"))
 *     ServerKey      = HMAC(SaltedPassword, "Server Key")
 */
export async function scramKeys(
  password: string,
  options: Partial<Pick<ScramKeys, 'salt' | 'iterations'>> = {},
): Promise<ScramKeys> {
  // Not shown: it may be the password in another form.
  if (typeof password !== 'string') throw new TypeError('scramKeys: expected a password as text');
  checkShape('scramKeys', options, KEYS);
  const { salt = randomBytes(SALT_OCTETS), iterations = SCRAM_ITERATIONS } = options;
  const salted = await promisify(pbkdf2)(prepared(password), salt, iterations, HASH_OCTETS, 'sha256');
  const key = (use: string): Buffer => createHmac('sha256', salted).update(use).digest();
  const storedKey = createHash('sha256').update(key('Client Key')).digest();
  return { salt, iterations, storedKey, serverKey: key('Server Key') };
}

/**
 * A password as both sides must write it: SASLprep (RFC 4013 2.1, 2.2), so that an accent typed as one
 * character or as two is the same. What RFC 4013 2.3 forbids is refused only where it is a control: a
 * client that lets the rest through meets the same octets here.
 *
 * @throws RangeError where the password is empty or has a control character. It does not name the password.
 */
function prepared(password: string): string {
  const mapped = password
    // RFC 3454 C.1.2: spaces other than the space; B.1: what is commonly mapped to nothing.
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC');
  if (mapped === '') throw new RangeError('password: expected at least one character, found none');
  if (/\p{Cc}/u.test(mapped)) throw new RangeError('password: expected no control characters, found one');
  return mapped;
}
