/** Compares rows, and sums them up. */
import { createHash } from 'node:crypto';
import type { Row, Value } from './port.js';

/** Returns whether two rows of one section are the same. */
export function sameRow(one: Row, other: Row): boolean {
  return one.length === other.length && one.every((value, at) => same(value, other[at]));
}

function same(one: Value, other: Value | undefined): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0;
  return one === other;
}

/** SHA-256 over rows in their order. */
export class Digest {
  readonly #hash = createHash('sha256');

  add(row: Row): void {
    // With the length of octets, so that none of them can pass for a part of another value.
    this.#hash.update(
      JSON.stringify(row.map((value) => (value instanceof Uint8Array ? { octets: value.length } : value))),
    );
    for (const value of row) if (value instanceof Uint8Array) this.#hash.update(value);
  }

  /** Returns the sum, in hexadecimal digits. The digest is spent. */
  sum(): string {
    return this.#hash.digest('hex');
  }
}
