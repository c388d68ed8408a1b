import { hash, randomBytes } from 'node:crypto';
import { Secret } from '../base/secret.js';

/** Octets of randomness in a token: 256 bits, too many to guess, so a plain hash is enough. */
const TOKEN_OCTETS = 32;

/**
 * Makes an API token: 32 random octets in base64url, 43 characters that have no special meaning in SASL, in a URL or
 * in a shell.
 */
export function newToken(): Secret {
  for (;;) {
    const token = randomBytes(TOKEN_OCTETS).toString('base64url');
    // `swaks --auth-user -x...` would read a leading hyphen as an option. Drawing again costs 1/64 of the token space.
    if (!token.startsWith('-')) return new Secret(token);
  }
}

/** Returns the SHA-256 digest of the token's octets. The store keeps only this digest. */
export function digestToken(token: string): Uint8Array {
  // Half of the time that a Hash object takes.
  return hash('sha256', token, 'buffer');
}
