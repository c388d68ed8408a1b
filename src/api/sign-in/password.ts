import { randomBytes, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../errors.js';

/** OWASP's recommendation for scrypt: N = 2^15, r = 8, p = 3; 32 MiB. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const MAX_MEMORY = 64 * 1024 * 1024;
const KEY_OCTETS = 32;
/** Least length of a password in characters. At 20 guesses a minute, a lifetime is too short to guess a longer one. */
export const LEAST_PASSWORD_LENGTH = 10;

/** Makes a password of 120 random bits that a person can read aloud: `k3fq-...`. */
export function newPassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  const text = Array.from(randomBytes(24), (octet) => letters[octet & 31] ?? '').join('');
  return (text.match(/.{6}/g) ?? []).join('-');
}

/** Makes the record of a password: `scrypt$N$r$p$salt$key`, in base64url. */
export async function passwordRecord(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Checks passwords, so many at one time; each takes 32 MiB and some tenths of a second of another thread. */
export class PasswordCheck {
  #running = 0;

  /** @param atOnce checks at one time; one more is refused */
  constructor(private readonly atOnce: number) {}

  /** @throws ApiError `busy` if as many checks as may be are running */
  async matches(password: string, record: string | null): Promise<boolean> {
    if (this.#running >= this.atOnce) throw new ApiError('busy', { retryAfter: 1 });
    this.#running += 1;
    try {
      const [kind, N, r, p, salt = '', key = ''] = (record ?? '').split('$');
      // Without a record, as much work is done, so that the time says nothing.
      if (kind !== 'scrypt') {
        await derive(password, randomBytes(16), COST);
        return false;
      }
      const made = await derive(password, Buffer.from(salt, 'base64url'), {
        N: Number(N),
        r: Number(r),
        p: Number(p),
      });
      const known = Buffer.from(key, 'base64url');
      return known.length === made.length && timingSafeEqual(known, made);
    } finally {
      this.#running -= 1;
    }
  }
}

function derive(password: string, salt: Uint8Array, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same password may be typed in two forms (RFC 8265 4.2.2 has NFC; both are stable here).
    scrypt(password.normalize('NFKC'), salt, KEY_OCTETS, { ...cost, maxmem: MAX_MEMORY }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
