/** When recipients are due after the clock was put back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cappedDue, type DueTime } from '../../src/store/due-time.js';

const NOW = 1_000_000;
const LONGEST = 1_000;

function capped(changes: Partial<DueTime>): number | null {
  const due = { nextAttemptAt: NOW, lastAttemptAt: null, receivedAt: NOW - 10, releaseAt: null, ...changes };
  return cappedDue(due, NOW, LONGEST);
}

describe('a recipient', () => {
  it('keeps its gap if its last attempt lies in the future', () => {
    expect(capped({ nextAttemptAt: NOW + 9_060, lastAttemptAt: NOW + 9_000 })).toBe(NOW + 60);
    expect(capped({ nextAttemptAt: NOW + 560, lastAttemptAt: NOW + 500 })).toBe(NOW + 60);
  });

  it('waits for the longest gap at most', () => {
    expect(capped({ nextAttemptAt: NOW + 9_000, lastAttemptAt: NOW - 5 })).toBe(NOW + LONGEST);
    expect(capped({ nextAttemptAt: NOW + 9_000, lastAttemptAt: NOW + 9_500 })).toBe(NOW);
  });

  it('without an attempt is due now if its message came in in the future, or waits too long', () => {
    expect(capped({ nextAttemptAt: NOW + 500, receivedAt: NOW + 500 })).toBe(NOW);
    expect(capped({ nextAttemptAt: NOW + 1_001 })).toBe(NOW);
  });

  it('waits for a release time that is still ahead', () => {
    expect(capped({ nextAttemptAt: NOW + 9_000, releaseAt: NOW + 9_000 })).toBeNull();
    expect(capped({ nextAttemptAt: NOW + 9_000, releaseAt: NOW - 1 })).toBe(NOW);
  });

  it('is left alone if its time can be right', () => {
    expect(capped({})).toBeNull();
    expect(capped({ nextAttemptAt: NOW + 60, lastAttemptAt: NOW })).toBeNull();
    expect(capped({ nextAttemptAt: NOW + LONGEST, lastAttemptAt: NOW })).toBeNull();
    expect(capped({ nextAttemptAt: NOW + 60 })).toBeNull();
  });

  it('is never due later than before, and never after the longest gap unless it is held', () => {
    const time = fc.integer({ min: NOW - 5_000, max: NOW + 5_000 });
    const dueTime = fc.record({
      nextAttemptAt: time,
      lastAttemptAt: fc.option(time),
      receivedAt: time,
      releaseAt: fc.option(time),
    });
    fc.assert(
      fc.property(dueTime, (before) => {
        const at = cappedDue(before, NOW, LONGEST);
        if (at !== null) {
          expect(at).toBeGreaterThanOrEqual(NOW);
          expect(at).toBeLessThan(before.nextAttemptAt);
        }
        const held = before.lastAttemptAt === null && (before.releaseAt ?? 0) > NOW;
        if (!held) expect(at ?? before.nextAttemptAt).toBeLessThanOrEqual(NOW + LONGEST);
      }),
    );
  });
});
