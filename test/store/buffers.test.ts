import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../src/store/intake/buffers.js';

const KIB = 1024;

/** Takes so many buffers, gives them back, and returns how many of them come again. */
function kept(pool: BufferPool, octets: number, count: number): number {
  const take = (): ArrayBuffer[] => Array.from({ length: count }, () => pool.take(octets).buffer);
  const first = take();
  pool.give(first);
  const known = new Set(first);
  return take().filter((buffer) => known.has(buffer)).length;
}

describe('a pool of buffers', () => {
  it('keeps the buffers of fifty messages that are a little longer than 64 KiB', () => {
    expect(kept(new BufferPool(256 * KIB), 65 * KIB, 50)).toBe(50);
  });

  it.each([
    [2, 256],
    [32, 16],
    [64, 128],
    [256, 32],
  ])('of %i KiB keeps %i at most', (size, most) => {
    expect(kept(new BufferPool(256 * KIB), size * KIB, most * 2)).toBe(most);
  });
});
