import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.js';
import { digestToken, newToken } from '../../src/submission/token.js';

describe('tokens', () => {
  it('are 32 octets in base64url, all different, and none looks like an option', () => {
    const tokens = Array.from({ length: 1000 }, newToken);
    for (const token of tokens) {
      expect(token).toBeInstanceOf(Secret);
      expect(token.expose()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{42}$/);
      expect(Buffer.from(token.expose(), 'base64url')).toHaveLength(32);
    }
    expect(new Set(tokens.map((token) => token.expose())).size).toBe(1000);
  });

  it('are stored as the SHA-256 of their octets', () => {
    expect(Buffer.from(digestToken('abc')).toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(digestToken('ü')).toEqual(
      createHash('sha256')
        .update(Buffer.from([0xc3, 0xbc]))
        .digest(),
    );
  });
});
