/**
 * Invariant: whatever the load of three nodes, the rate and the round trip, they are given no more than one bucket gives; and
 * no node is refused while much is left.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Allowance } from '../../src/store/postgres/allowance.js';

const MINUTE = 60_000;

/** The bucket of the database, on a clock of the test's own. */
class Bucket {
  granted = 0;
  #fullAgain = 0;

  constructor(readonly perMinute: number) {}

  take(now: number, wanted: number): { granted: number; wait: number } {
    const cost = MINUTE / this.perMinute;
    const from = Math.max(this.#fullAgain, now);
    const room = Math.floor((now + MINUTE - from) / cost + 0.001);
    const granted = Math.max(Math.min(wanted, room), Math.min(wanted, 0));
    this.#fullAgain = from + granted * cost;
    this.granted += granted;
    return { granted, wait: this.#fullAgain + cost - MINUTE - now };
  }

  /** The number that could be taken at once. */
  left(now: number): number {
    return (now + MINUTE - Math.max(this.#fullAgain, now)) / (MINUTE / this.perMinute);
  }
}

const nodes = fc.array(
  fc.record({ pause: fc.integer({ min: 1, max: 3000 }), burst: fc.integer({ min: 1, max: 200 }) }),
  {
    minLength: 3,
    maxLength: 3,
  },
);

it('shares a bucket exactly, but for what nodes have in hand', async () => {
  const rates = fc.constantFrom(3, 60, 600, 6000);
  await fc.assert(
    fc.asyncProperty(rates, fc.integer({ min: 1, max: 40 }), nodes, async (perMinute, roundTrip, loads) => {
      let now = 0;
      const most = Math.max(1, Math.floor(perMinute * 0.02));
      const bucket = new Bucket(perMinute);
      let taken = 0;
      let mostInHand = 0;
      const unfair: number[] = [];
      const sides = loads.map((load) => {
        const side = { load, next: 0, asksAt: Infinity, left: 0, allowance: null as Allowance | null };
        side.allowance = new Allowance({
          now: () => now,
          most: () => most,
          ask: () => (side.asksAt = Math.min(side.asksAt, now + roundTrip)),
        });
        return side;
      });
      for (; now < 20_000; now++) {
        for (const side of sides) {
          const allowance = side.allowance as Allowance;
          if (now >= side.next) {
            side.next = now + side.load.pause;
            side.left = side.load.burst;
          }
          if (side.left > 0) {
            side.left--;
            void Promise.resolve(allowance.take()).then((wait) => {
              if (wait === 0) taken++;
              else {
                side.left = 0;
                // What the others have in hand at most, and what has come since the answer was made.
                const spare = 3 * most + 2 + (perMinute / MINUTE) * (2 * roundTrip + 20);
                if (bucket.left(now) > spare) unfair.push(now);
              }
            });
          }
          if (now % 500 === 0) allowance.tidy();
          if (now >= side.asksAt) {
            side.asksAt = Infinity;
            const wanted = allowance.wants();
            if (wanted !== 0) {
              const { granted, wait } = bucket.take(now, wanted);
              allowance.answer(granted, wait);
            }
          }
        }
        if (now % 10 !== 0) continue;
        // Until those that waited have noted their answers.
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        mostInHand = Math.max(mostInHand, bucket.granted - taken);
      }
      await new Promise(setImmediate);
      const inHand = sides.reduce((sum, { allowance }) => sum + (allowance?.end() ?? 0), 0);
      expect(unfair).toEqual([]);
      expect(taken).toBe(bucket.granted - inHand);
      expect(mostInHand).toBeLessThanOrEqual(3 * most);
      expect(taken).toBeLessThanOrEqual(perMinute * (1 + 20_000 / MINUTE) + 1);
    }),
    { numRuns: 40 },
  );
}, 60_000);
