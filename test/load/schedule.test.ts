import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/load/generator/random.js';
import { intendedStarts, type Schedule } from '../../src/load/generator/schedule.js';
import { chooser, parseSizes } from '../../src/load/generator/sizes.js';

function first(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

const fixed = (perSecond: number, ramp = 0): Schedule => ({ perSecond, ramp, arrivals: 'fixed' });

describe('intended starts', () => {
  it('are even at a fixed rate', () => {
    expect(first(4, intendedStarts(fixed(500), Math.random))).toEqual([0, 2, 4, 6]);
  });

  it('of several threads together are those of one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 3000 }), (of, ramp) => {
        const parts = Array.from({ length: of }, (_, index) =>
          first(30, intendedStarts(fixed(1000, ramp), Math.random, { index, of })),
        );
        const together = parts.flat().sort((a, b) => a - b);
        const alone = first(30 * of, intendedStarts(fixed(1000, ramp), Math.random));
        together.forEach((at, index) => expect(at).toBeCloseTo(alone[index] ?? NaN, 6));
      }),
      { numRuns: 30 },
    );
  });

  it('never go back, and reach the rate after the ramp', () => {
    const kind = fc.constantFrom('fixed' as const, 'poisson' as const);
    const ramp = fc.integer({ min: 0, max: 5000 });
    fc.assert(
      fc.property(kind, ramp, fc.nat(), (arrivals, ms, seed) => {
        const starts = first(
          20_000,
          intendedStarts({ perSecond: 1000, arrivals, ramp: ms }, randomFrom(seed)),
        );
        expect(starts.every((at, index) => at >= (starts[index - 1] ?? 0))).toBe(true);
        // A ramp of t puts everything off by half of t; 20,000 by chance are off by 1% at the most, mostly.
        expect(Math.abs((starts.at(-1) ?? 0) - ms / 2 - 20_000)).toBeLessThan(
          arrivals === 'fixed' ? 2 : 1000,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('at random have the mean and the spread of Poisson', () => {
    const starts = first(
      50_000,
      intendedStarts({ perSecond: 1000, arrivals: 'poisson', ramp: 0 }, randomFrom(7)),
    );
    const gaps = starts.map((at, index) => at - (starts[index - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeCloseTo(1, 1);
    expect(deviation).toBeCloseTo(1, 1);
  });

  it('within a ramp have a density that grows in a straight line', () => {
    const starts = first(500, intendedStarts(fixed(1000, 1000), Math.random));
    const before = (ms: number): number => starts.filter((at) => at < ms).length;
    expect(before(1001)).toBe(500);
    expect(before(500)).toBeCloseTo(125, -1);
  });
});

describe('sizes', () => {
  it.each([
    ['1k', [{ octets: 1024, weight: 1 }]],
    ['100', [{ octets: 100, weight: 1 }]],
    [
      '1k:80, 64KiB:15,1m:5',
      [
        { octets: 1024, weight: 80 },
        { octets: 65_536, weight: 15 },
        { octets: 1_048_576, weight: 5 },
      ],
    ],
    ['1g', [{ octets: 1024 ** 3, weight: 1 }]],
  ])('%s', (text, shares) => {
    expect(parseSizes(text)).toEqual(shares);
  });

  it.each(['', 'x', '1k:0', '1k:', '-1', '1k,,2k', '1t', '2g', '1073741825'])('%j is refused', (text) => {
    expect(parseSizes(text)).toBeUndefined();
  });

  it('are chosen by their shares', () => {
    const choose = chooser(parseSizes('1k:80,64k:15,1m:5') ?? [], randomFrom(3));
    const counts = [0, 0, 0];
    for (let draws = 0; draws < 20_000; draws++) {
      const index = choose();
      counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const [index, share] of [80, 15, 5].entries()) {
      expect(Math.abs((counts[index] ?? 0) / 200 - share)).toBeLessThan(2);
    }
  });
});
