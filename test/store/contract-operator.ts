/** The part of the store's contract about an operator's view of the queue, and operations on it. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { attempt, leaseAt, leaseOne, queued, RECEIVED, settlement, statusesOf } from './contract-queue.js';
import { addDomain } from './fixtures.js';

/** @param store the open store of the test that runs */
export function describeOperator(store: () => Store): void {
  describe('the operator', () => {
    it('sees waiting recipients, oldest first, page by page, of one domain or of all', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      const first = await queued(store(), a, {}, 2);
      const lease = await leaseOne(store());
      await store().queue.settle(lease, [settlement(0, 'deferred'), settlement(1, 'delivered')], true);
      const second = await queued(store(), b, { terms: { releaseAt: RECEIVED + 9 } }, 2);
      const third = await queued(store(), a);
      await queued(store(), a, { status: 'held' });
      const [leased] = await leaseAt(store(), RECEIVED);
      expect(leased?.id).toBe(third);
      const { waiting } = store().queue;
      const common = { from: 'app@example.com', receivedAt: RECEIVED, leased: false };
      const untried = { ...common, status: 'queued', attempts: 0, lastAttempt: null };
      const all = await waiting({ limit: 9 });
      expect(all).toEqual([
        {
          ...common,
          id: first,
          domain: 'a.example',
          forwardPath: 'r0@example.net',
          status: 'deferred',
          attempts: 1,
          nextAttemptAt: RECEIVED + 60_000,
          lastAttempt: attempt('deferred'),
        },
        {
          ...untried,
          id: second,
          domain: 'b.example',
          forwardPath: 'r0@example.net',
          nextAttemptAt: RECEIVED + 9,
        },
        {
          ...untried,
          id: second,
          domain: 'b.example',
          forwardPath: 'r1@example.net',
          nextAttemptAt: RECEIVED + 9,
        },
        // The clock of the store is past the lease's end.
        {
          ...untried,
          id: third,
          domain: 'a.example',
          forwardPath: 'r0@example.net',
          nextAttemptAt: RECEIVED,
        },
      ]);
      expect(await waiting({ limit: 2 })).toEqual(all.slice(0, 3));
      expect(await waiting({ limit: 2, after: second })).toEqual(all.slice(3));
      expect(await waiting({ limit: 9, domain: 'b.example' })).toEqual(all.slice(1, 3));
      expect(await waiting({ limit: 9, domain: 'none.example' })).toEqual([]);
      expect(await waiting({ limit: 0 })).toEqual([]);
    });

    it('sees which recipients are being delivered to', async () => {
      await queued(store(), await addDomain(store()));
      await leaseAt(store(), RECEIVED, { until: Date.UTC(2100, 0, 1) });
      expect(await store().queue.waiting({ limit: 9 })).toMatchObject([{ leased: true }]);
    });

    it('releases held messages, once', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, { status: 'held', terms: { priority: 2 } }, 2);
      const { release, retry } = store().queue;
      expect(await retry(id, RECEIVED + 5)).toBe(0);
      expect(await release(id, RECEIVED + 5)).toBe(2);
      expect(await release(id, RECEIVED + 6)).toBe(0);
      expect(await release(id + 1, RECEIVED + 6)).toBe(0);
      expect(await statusesOf(store(), id)).toEqual(['queued', 'queued', 'queued']);
      expect(await leaseAt(store(), RECEIVED + 4)).toEqual([]);
      expect(await leaseOne(store(), RECEIVED + 5)).toMatchObject({ id, recipients: [{}, {}] });
    });

    it('has waiting recipients tried now', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 2);
      const lease = await leaseOne(store());
      await store().queue.settle(lease, [settlement(0, 'deferred'), settlement(1, 'bounced')], true);
      expect(await store().queue.retry(id, RECEIVED + 20)).toBe(1);
      expect(await store().queue.retry(id + 1, RECEIVED + 20)).toBe(0);
      const again = await leaseOne(store(), RECEIVED + 20);
      expect(again).toMatchObject({ hastened: true, recipients: [{ position: 0, attempts: 1 }] });
      expect(lease.hastened).toBeUndefined();
      // No operation takes a message from the server that delivers it.
      expect(await store().queue.retry(id, RECEIVED + 30)).toBe(1);
      expect(await leaseAt(store(), RECEIVED + 30)).toEqual([]);
      await store().queue.settle(again, [settlement(0, 'deferred', { nextAttemptAt: RECEIVED + 40 })], true);
      expect((await leaseOne(store(), RECEIVED + 40)).hastened).toBeUndefined();
    });

    it('has recipients that are to be tried now go before those that have been due longer', async () => {
      const domain = await addDomain(store());
      const first = await queued(store(), domain);
      const second = await queued(store(), domain, { receivedAt: RECEIVED + 10 });
      await store().queue.retry(second, RECEIVED + 20);
      expect((await leaseAt(store(), RECEIVED + 20)).map(({ id }) => id)).toEqual([second, first]);
    });

    it('gives up waiting and held recipients without a notification', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 3);
      const lease = await leaseOne(store());
      const settlements = [settlement(0, 'delivered'), settlement(1, 'deferred', { report: 'delayed' })];
      await store().queue.settle(lease, settlements, false);
      expect(await store().queue.cancel(id, RECEIVED + 40)).toBe(2);
      expect(await store().queue.cancel(id, RECEIVED + 41)).toBe(0);
      expect(await statusesOf(store(), id)).toEqual(['cancelled', 'delivered', 'cancelled', 'cancelled']);
      expect((await store().message(id))?.recipients[1]?.attempts).toMatchObject([
        { outcome: 'deferred' },
        { outcome: 'cancelled', at: RECEIVED + 40, remoteHost: null },
      ]);
      expect(await store().queue.owedReports(9)).toEqual([]);
      expect(await store().queue.nextDue()).toBeNull();
      // A final status stays, whatever happened meanwhile.
      await store().queue.settle(lease, [settlement(2, 'delivered')], true);
      expect(await statusesOf(store(), id)).toEqual(['cancelled', 'delivered', 'cancelled', 'cancelled']);
      const held = await queued(store(), domain, { status: 'held' });
      expect(await store().queue.cancel(held, RECEIVED)).toBe(1);
      expect(await statusesOf(store(), held)).toEqual(['cancelled', 'cancelled']);
      expect(await store().queue.release(held, RECEIVED)).toBe(0);
    });
  });

  describe('watching', () => {
    it('reports messages that come onto the queue, until it is ended', async () => {
      const domain = await addDomain(store());
      let recorded = 0;
      const end = store().queue.watch(() => recorded++);
      const notifies = async (change: () => Promise<unknown>) => {
        const before = recorded;
        await change();
        await Promise.resolve();
        return recorded > before;
      };
      let id = 0;
      expect(await notifies(async () => (id = await queued(store(), domain)))).toBe(true);
      expect(await notifies(() => store().queue.retry(id, RECEIVED))).toBe(true);
      const held = await queued(store(), domain, { status: 'held' });
      expect(await notifies(() => store().queue.release(held, RECEIVED))).toBe(true);
      end();
      end();
      expect(await notifies(() => queued(store(), domain))).toBe(false);
    });
  });
}
