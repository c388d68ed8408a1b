/** The part of the store's contract about a clock that was put back: see `Queue.capDue`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { attempt, leaseAt, leaseOne, queued, RECEIVED, settlement } from './contract-queue.js';
import { addDomain } from './fixtures.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LONGEST = 2 * HOUR;
/** The time of the clock while it was wrong. */
const AHEAD = RECEIVED + 30 * DAY;
const KEYS = { publicKey: new Uint8Array(32).fill(1), privateKey: new Uint8Array(48).fill(2) };

/** @param store the open store of the test that runs */
export function describeDueTimes(store: () => Store): void {
  describe('after the clock was put back', () => {
    const cap = (now = RECEIVED) => store().queue.capDue({ now, longest: LONGEST });
    const deferred = (position: number, at: number, gap: number) =>
      settlement(position, 'deferred', { attempt: attempt('deferred', at), nextAttemptAt: at + gap });

    it('deferred mail is due after the gap that it had', async () => {
      const id = await queued(store(), await addDomain(store()), {}, 2);
      const settlements = [deferred(0, AHEAD, 60_000), deferred(1, AHEAD, 9 * DAY)];
      await store().queue.settle(await leaseOne(store(), AHEAD), settlements, true);
      expect(await store().queue.nextDue()).toBe(AHEAD + 60_000);
      expect(await cap()).toBe(2);
      expect(await store().queue.nextDue()).toBe(RECEIVED + 60_000);
      const times = (await store().message(id))?.recipients.map(({ nextAttemptAt }) => nextAttemptAt);
      expect(times).toEqual([RECEIVED + 60_000, RECEIVED + LONGEST]);
      expect(await cap()).toBe(0);
    });

    it('mail without an attempt is due now, unless its sender holds it', async () => {
      const domain = await addDomain(store());
      await queued(store(), domain, { terms: { releaseAt: RECEIVED + 9 * DAY } });
      expect(await cap()).toBe(0);
      expect(await store().queue.nextDue()).toBe(RECEIVED + 9 * DAY);
      const id = await queued(store(), domain, { receivedAt: RECEIVED + HOUR });
      expect(await cap()).toBe(1);
      expect(await leaseOne(store())).toMatchObject({ id });
    });

    it('a message in hand keeps its lease, and its other recipients are due in time', async () => {
      const id = await queued(store(), await addDomain(store()), {}, 2);
      const lease = await leaseOne(store(), AHEAD);
      await store().queue.settle(lease, [deferred(0, AHEAD, 60_000)], false);
      // The second recipient was due before; the lease is for it.
      expect(await cap()).toBe(1);
      expect(await leaseAt(store(), RECEIVED + 60_000)).toEqual([]);
      expect(await store().queue.nextDue()).toBe(RECEIVED + LONGEST);
      await store().queue.settle(lease, [settlement(1, 'delivered')], true);
      expect(await store().queue.nextDue()).toBe(RECEIVED + 60_000);
      expect(await leaseOne(store(), RECEIVED + 60_000)).toMatchObject({ id });
    });

    it('nothing waits for longer than the longest gap, and what can be right stays, whatever the clock did', async () => {
      const domain = await addDomain(store());
      const jumps = fc.array(
        fc.record({
          to: fc.integer({ min: -40 * DAY, max: 40 * DAY }),
          gap: fc.integer({ min: 1, max: LONGEST }),
          held: fc.boolean(),
          back: fc.boolean(),
        }),
        { minLength: 1, maxLength: 6 },
      );
      await fc.assert(
        fc.asyncProperty(jumps, async (plan) => {
          let now = RECEIVED;
          for (const { to, gap, held, back } of plan) {
            now = RECEIVED + to;
            await queued(store(), domain, {
              receivedAt: now,
              ...(held ? { terms: { releaseAt: now + 50 * DAY } } : {}),
            });
            for (const lease of await leaseAt(store(), now)) {
              const settlements = lease.recipients.map(({ position }) => deferred(position, now, gap));
              if (back) await store().queue.giveBack(lease, now + gap);
              else await store().queue.settle(lease, settlements, true);
            }
          }
          const before = await store().queue.waiting({ limit: 1_000_000 });
          await cap(now);
          const after = await store().queue.waiting({ limit: 1_000_000 });
          expect(after).toHaveLength(before.length);
          for (const [index, { id, nextAttemptAt, lastAttempt, receivedAt }] of after.entries()) {
            const old = before[index]?.nextAttemptAt ?? 0;
            const releaseAt = (await store().message(id))?.terms.releaseAt ?? 0;
            expect(nextAttemptAt).toBeLessThanOrEqual(old);
            const basis = lastAttempt?.at ?? receivedAt;
            if (lastAttempt === null && releaseAt > now) expect(nextAttemptAt).toBe(old);
            else expect(nextAttemptAt).toBeLessThanOrEqual(now + LONGEST);
            if (basis <= now && old <= now + LONGEST) expect(nextAttemptAt).toBe(old);
          }
          const due = Math.min(...after.map(({ nextAttemptAt }) => nextAttemptAt));
          expect(await store().queue.nextDue()).toBe(after.length === 0 ? null : due);
          for (const { id } of after) await store().queue.cancel(id, now);
        }),
        { numRuns: Number(process.env['POSTERN_PROPERTY_RUNS'] ?? 15) },
      );
    }, 120_000);
  });
}

/** @param store the open store of the test that runs */
export function describeDueEvents(store: () => Store): void {
  describe('after the clock was put back', () => {
    it('events of webhooks are due now if their times cannot be right', async () => {
      const domain = await addDomain(store());
      await store().webhooks.set('example.com', { url: 'https://x.example/', events: EVENTS, keys: KEYS }, 7);
      const take = (now: number) => store().webhooks.leaseEvents({ now, until: now + 500, limit: 9 });
      const capEvents = () => store().webhooks.capEvents({ now: RECEIVED, longest: LONGEST });
      await queued(store(), domain);
      const [first] = await take(RECEIVED);
      await store().webhooks.deferEvent(first?.event ?? 0, RECEIVED + LONGEST);
      expect(await capEvents()).toBe(0);
      expect(await store().webhooks.nextEventDue()).toBe(RECEIVED + LONGEST);
      expect(await take(AHEAD)).toHaveLength(1);
      await store().webhooks.deferEvent(first?.event ?? 0, AHEAD + 10_000);
      await queued(store(), domain, { receivedAt: RECEIVED + HOUR });
      expect(await capEvents()).toBe(2);
      expect(await take(RECEIVED)).toHaveLength(2);
    });
  });
}
