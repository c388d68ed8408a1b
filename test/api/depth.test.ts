// How deep a text of JSON is, and how many values it has, without parsing it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBeyond } from '../../src/api/compose/depth.js';

const isDeeperThan = (text: Buffer, levels: number): boolean => isBeyond(text, { levels, values: Infinity });

function valuesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  return Math.max(0, members.length - 1) + members.reduce((sum: number, each) => sum + valuesOf(each), 0);
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the extent of a text of JSON', () => {
  it('is that of its value, whatever its strings have in them', () => {
    const strings = fc.stringMatching(/^[[\]{}"\\, a]*$/);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        strings,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(strings, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(value, (each) => {
        const text = Buffer.from(JSON.stringify(each));
        const depth = depthOf(each);
        const values = valuesOf(each);
        const hasMore = [values - 1, values].map((most) =>
          isBeyond(text, { levels: Infinity, values: most }),
        );
        expect(hasMore).toEqual([values > 0, false]);
        expect([isDeeperThan(text, depth - 1), isDeeperThan(text, depth)]).toEqual([depth > 0, false]);
      }),
      { numRuns: 500 },
    );
  });

  it('ends with the text, also within a string', () => {
    expect(isDeeperThan(Buffer.from('["[[[['), 1)).toBe(false);
    expect(isDeeperThan(Buffer.from('"\\'), 1)).toBe(false);
    expect(isDeeperThan(Buffer.from('['.repeat(1_000_000)), 100)).toBe(true);
  });
});
