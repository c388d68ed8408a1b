import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget, type Holder } from '../../src/store/intake/budget.js';

/** A holder of octets, and the octets that it has handed over. */
class Sender implements Holder {
  held = 0;
  constructor(
    readonly budget: Budget,
    readonly handed: number[],
  ) {}

  write(octets: number): void | Promise<void> {
    this.held += octets;
    this.budget.hold(this, octets);
    return this.budget.room();
  }

  spill(): void {
    if (this.held === 0) return;
    this.budget.hand(this, this.held);
    this.handed.push(this.held);
    this.held = 0;
  }
}

describe('the budget of octets in flight', () => {
  it('has room up to its limit, and none one octet above', async () => {
    const handed: number[] = [];
    const budget = new Budget(100);
    const sender = new Sender(budget, handed);
    expect(sender.write(100)).toBeUndefined();
    const wait = sender.write(1);
    expect(wait).toBeInstanceOf(Promise);
    expect(handed).toEqual([101]);
    budget.written(101);
    await wait;
    expect(budget.inFlight).toBe(0);
  });

  it('makes the drafts spill that have held octets longest, until half of it is free', () => {
    const handed: number[] = [];
    const budget = new Budget(100);
    const senders = Array.from({ length: 5 }, () => new Sender(budget, handed));
    for (const sender of senders) void sender.write(22);
    expect(senders.map(({ held }) => held)).toEqual([0, 0, 0, 22, 22]);
  });

  it('lets waiters go on one by one while octets are on their way, and all at the end', async () => {
    const handed: number[] = [];
    const budget = new Budget(100);
    const woken: number[] = [];
    const waits = [40, 70, 30, 30].map((octets, index) =>
      Promise.resolve(new Sender(budget, handed).write(octets)).then(() => woken.push(index)),
    );
    const turn = () => new Promise(setImmediate);
    await turn();
    expect(woken).toEqual([0]);
    expect(handed).toEqual([40, 70, 30]);
    budget.written(70);
    await turn();
    expect(woken).toEqual([0, 1]);
    budget.written(30);
    await turn();
    expect(woken).toEqual([0, 1, 2]);
    budget.written(40);
    await Promise.all(waits);
    expect(woken).toEqual([0, 1, 2, 3]);
  });

  // Invariant: as long as octets that were handed over get written, no draft waits for ever, and the octets in flight
  // stay below the limit plus one write of each sender.
  it('lets every waiter go on, whichever drafts write and stop when', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(sizes, { minLength: 1, maxLength: 12 }), async (plans) => {
        const handed: number[] = [];
        const budget = new Budget(100);
        let running = plans.length;
        let most = 0;
        const all = plans.map(async (plan) => {
          const sender = new Sender(budget, handed);
          for (const octets of plan) {
            const wait = sender.write(octets);
            most = Math.max(most, budget.inFlight);
            await wait;
            if (sender.held > 50) sender.spill();
          }
          running--; // With octets still held: a peer that has gone silent.
        });
        for (let idle = 0; running > 0; idle++) {
          await new Promise(setImmediate);
          const octets = handed.shift();
          if (octets !== undefined) {
            idle = 0;
            budget.written(octets);
          }
          if (idle > 10) throw new Error(`${running} wait though nothing is on its way`);
        }
        await Promise.all(all);
        expect(most).toBeLessThanOrEqual(100 + 60 * plans.length);
      }),
      { numRuns: 200 },
    );
  });
});

describe('octets outside of drafts', () => {
  class Section {
    evicted = false;
    evict(): void {
      this.evicted = true;
    }
  }

  it('have half of the budget, and the largest are evicted when there are more', () => {
    const budget = new Budget(100);
    const [small, large, larger, last] = [new Section(), new Section(), new Section(), new Section()];
    budget.set(small, 1);
    budget.set(large, 20);
    budget.set(larger, 29);
    expect(budget.inFlight).toBe(50);
    budget.set(last, 1);
    expect([small, large, larger, last].map(({ evicted }) => evicted)).toEqual([false, false, true, false]);
    expect(budget.inFlight).toBe(22);
    budget.set(last, 51);
    expect(last.evicted).toBe(true);
    budget.set(large, 0);
    budget.set(small, 0);
    expect(budget.inFlight).toBe(0);
  });

  // Invariant: at any time they are within half of the budget, and nothing is counted twice or forgotten.
  it('never are more, in any order of calls', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(60)), { maxLength: 60 }), (calls) => {
        const budget = new Budget(100);
        const counted = new Map<number, number>();
        const holders = Array.from({ length: 10 }, (_, index) => ({
          evict: () => void counted.delete(index),
        }));
        for (const [index, octets] of calls) {
          const holder = holders[index];
          if (holder === undefined) continue;
          counted.set(index, octets);
          budget.set(holder, octets);
          const sum = [...counted.values()].reduce((total, each) => total + each, 0);
          expect(budget.inFlight).toBe(sum);
          expect(sum).toBeLessThanOrEqual(50);
        }
      }),
    );
  });

  it('let a draft go on that waits for room, when they are gone', async () => {
    const budget = new Budget(100);
    const section = new Section();
    budget.set(section, 50);
    const sender = new Sender(budget, []);
    const wait = sender.write(51);
    expect(wait).toBeInstanceOf(Promise);
    budget.set(section, 0);
    await wait;
  });
});
