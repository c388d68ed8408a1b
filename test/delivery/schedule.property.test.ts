/**
 * Invariants of the schedule, whatever the clock says: every gap is between the shortest and the longest one, gaps
 * never shrink, tries are few, they end at the expiry, and a jump of the clock makes no loop.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELIVERY } from '../../src/delivery/limits.js';
import {
  type MessageAge,
  type RetryPolicy,
  expiryOf,
  gapAfter,
  isDelayed,
  isTooLate,
  nextTry,
  startOf,
} from '../../src/delivery/queue/schedule.js';

const HOUR = 3_600_000;
const POLICY: RetryPolicy = { base: 60_000, max: 2 * HOUR, expireAfter: 48 * HOUR, delayAfter: 4 * HOUR };
const MESSAGE: MessageAge = { receivedAt: 0, terms: { releaseAt: null, deliverBy: null } };

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const policies = fc
  .record({
    base: fc.integer({ min: 100, max: HOUR }),
    factor: fc.integer({ min: 1, max: 200 }),
    expireAfter: fc.integer({ min: 1_000, max: 100 * HOUR }),
  })
  .map(({ base, factor, expireAfter }) => ({ base, max: base * factor, expireAfter, delayAfter: 4 * HOUR }));
const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
const messages = fc.record({
  receivedAt: times,
  terms: fc.record({
    releaseAt: fc.option(times),
    deliverBy: fc.option(
      fc.record({ time: times, otherwise: fc.constantFrom('return', 'notify'), trace: fc.boolean() }),
    ),
  }),
});

describe('gapAfter', () => {
  it('doubles from the base to the maximum', () => {
    const gaps = [1, 2, 3, 7, 8, 9, 100].map((attempts) => gapAfter(POLICY, attempts, 0) / 60_000);
    expect(gaps).toEqual([1, 2, 4, 64, 120, 120, 120]);
    expect(gapAfter(POLICY, 1, 0.999_999)).toBe(75_000);
  });

  it('is bounded, and never shrinks while it grows, whatever the random part', () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 2_000 }),
        chance,
        chance,
        (policy, attempts, one, other) => {
          const gap = gapAfter(policy, attempts, one);
          expect(gap).toBeGreaterThanOrEqual(policy.base);
          expect(gap).toBeLessThanOrEqual(Math.ceil(policy.max * 1.25));
          const next = gapAfter(policy, attempts + 1, other);
          if (policy.base * 2 ** attempts <= policy.max) expect(next).toBeGreaterThan(gap);
          expect(gapAfter(policy, attempts + 1, one)).toBeGreaterThanOrEqual(gap);
        },
      ),
    );
  });
});

describe('nextTry', () => {
  it('makes some thirty tries in 48 hours, the last one when they end', () => {
    for (const luck of [0, 0.5, 0.999]) {
      const tries = [0];
      for (;;) {
        const now = tries.at(-1) ?? 0;
        const next = nextTry(POLICY, MESSAGE, { now, attempts: tries.length, retryAfter: 0, chance: luck });
        if (next === 'expired') break;
        tries.push(next.at);
      }
      expect(tries.at(-1)).toBe(48 * HOUR);
      expect(tries.length).toBeGreaterThan(20);
      expect(tries.length).toBeLessThan(40);
    }
  });

  it('counts from the release of a message that was held back', () => {
    const held = { receivedAt: 0, terms: { releaseAt: 100 * HOUR, deliverBy: null } };
    expect(startOf(held)).toBe(100 * HOUR);
    expect(expiryOf(POLICY, held)).toBe(148 * HOUR);
    const at = (now: number) => nextTry(POLICY, held, { now, attempts: 1, retryAfter: 0, chance: 0 });
    expect(at(147 * HOUR)).toEqual({ at: 147 * HOUR + 60_000 });
    expect(at(148 * HOUR - 1)).toEqual({ at: 148 * HOUR - 1 + 60_000 });
    expect(at(148 * HOUR)).toBe('expired');
  });

  it('waits as long as the remote server asks, up to a day', () => {
    const at = (retryAfter: number) =>
      nextTry(POLICY, MESSAGE, { now: 0, attempts: 1, retryAfter, chance: 0 });
    expect(at(59_999)).toEqual({ at: 60_000 });
    expect(at(60_001)).toEqual({ at: 60_001 });
    expect(at(-1)).toEqual({ at: 60_000 });
    expect(at(DELIVERY.retryAfter.initial)).toEqual({ at: 24 * HOUR });
    expect(at(DELIVERY.retryAfter.initial + 1)).toEqual({ at: 24 * HOUR });
  });

  it('tries once when the time that the sender set is up', () => {
    const by = { time: 90_000, otherwise: 'notify', trace: false } as const;
    const message = { receivedAt: 0, terms: { releaseAt: null, deliverBy: by } };
    const at = (now: number, attempts: number) =>
      nextTry(POLICY, message, { now, attempts, retryAfter: 0, chance: 0 });
    expect(at(0, 1)).toEqual({ at: 60_000 });
    expect(at(25_000, 2)).toEqual({ at: 90_000 });
    // The gap is never shorter than the base.
    expect(at(60_000, 2)).toEqual({ at: 120_000 });
    expect(at(90_000, 2)).toEqual({ at: 210_000 });
  });

  it('is neither soon nor far off, whatever the clock, the message and the remote server say', () => {
    fc.assert(
      fc.property(
        policies,
        messages,
        times,
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: -HOUR, max: 1_000 * HOUR }),
        chance,
        (policy, message, now, attempts, retryAfter, luck) => {
          const next = nextTry(policy, message, { now, attempts, retryAfter, chance: luck });
          if (next === 'expired') {
            expect(now).toBeGreaterThanOrEqual(expiryOf(policy, message));
            return;
          }
          const longest = Math.max(Math.ceil(policy.max * 1.25), DELIVERY.retryAfter.initial);
          expect(next.at - now).toBeGreaterThanOrEqual(policy.base);
          expect(next.at - now).toBeLessThanOrEqual(longest);
          // When the last try is due, there is no other one.
          if (retryAfter <= 0) {
            expect(next.at).toBeLessThanOrEqual(Math.max(expiryOf(policy, message), now + policy.base));
          }
        },
      ),
    );
  });

  it('ends after a bounded number of tries, however the clock jumps, when it has passed the expiry', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -72 * HOUR, max: 72 * HOUR }), { maxLength: 30 }),
        chance,
        (jumps, luck) => {
          let now = 0;
          let attempts = 0;
          for (const jump of jumps) {
            const next = nextTry(POLICY, MESSAGE, { now, attempts: ++attempts, retryAfter: 0, chance: luck });
            if (next === 'expired') return;
            // The message is looked at again when it is due by a clock that may have been changed.
            now = Math.max(next.at, now + jump);
          }
          while (
            nextTry(POLICY, MESSAGE, { now, attempts: ++attempts, retryAfter: 0, chance: luck }) !== 'expired'
          ) {
            now += POLICY.max;
            expect(attempts).toBeLessThan(100);
          }
        },
      ),
    );
  });
});

describe('times that the sender sets', () => {
  const by = (otherwise: 'return' | 'notify'): MessageAge => ({
    receivedAt: 0,
    terms: { releaseAt: null, deliverBy: { time: 1_000, otherwise, trace: false } },
  });

  it('returns a message from then on, and no other one', () => {
    expect([999, 1_000].map((now) => isTooLate(by('return'), now))).toEqual([false, true]);
    expect(isTooLate(by('notify'), 1_000)).toBe(false);
    expect(isTooLate(MESSAGE, 1_000)).toBe(false);
  });

  it('makes a message late from then on, as its age does', () => {
    expect([999, 1_000].map((now) => isDelayed(POLICY, by('notify'), now))).toEqual([false, true]);
    expect([4 * HOUR - 1, 4 * HOUR].map((now) => isDelayed(POLICY, MESSAGE, now))).toEqual([false, true]);
    expect(isDelayed(POLICY, { ...MESSAGE, receivedAt: 10 * HOUR }, 5 * HOUR)).toBe(false);
  });
});
