/** The part of the store's contract about webhooks and their events. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { EVENTS, type EventName } from '../../src/store/webhooks.js';
import { attempt, leaseOne, queued, RECEIVED, settlement } from './contract-queue.js';
import { addDomain } from './fixtures.js';

const KEYS = { publicKey: new Uint8Array(32).fill(1), privateKey: new Uint8Array(48).fill(2) };
const hook = (events: readonly EventName[] = EVENTS) => ({
  url: 'https://example.com/hook',
  events,
  keys: KEYS,
});

/** @param store the open store of the test that runs */
export function describeWebhooks(store: () => Store, reopen: () => Promise<void>): void {
  describe('webhooks', () => {
    const events = (now = RECEIVED + 1000, limit = 100) =>
      store().webhooks.leaseEvents({ now, until: now + 500, limit });

    it('are set, set again with the keys that there are, switched off and removed', async () => {
      const domain = await addDomain(store());
      const { set, list, find, switchOff, remove } = store().webhooks;
      const first = { ...hook(), domainId: domain.id, domain: 'example.com', createdAt: 7, off: null };
      expect(await set('example.com', hook(), 7)).toEqual(first);
      expect(await set('none.example', hook(), 7)).toBeNull();
      await switchOff(domain.id, 'gone for good', 8);
      await switchOff(domain.id, 'again', 9);
      expect(await list()).toEqual([{ ...first, off: { since: 8, reason: 'gone for good' } }]);
      expect(await find('example.com')).toEqual({ ...first, off: { since: 8, reason: 'gone for good' } });
      expect(await find('none.example')).toBeNull();
      const keys = { publicKey: new Uint8Array(32).fill(8), privateKey: new Uint8Array(48).fill(9) };
      const changed = { url: 'https://example.com/2', events: ['email.bounced'] as const };
      expect(await set('example.com', { ...changed, keys }, 10)).toEqual({ ...first, ...changed });
      expect(await list()).toEqual([{ ...first, ...changed }]);
      expect(await remove('example.com')).toBe(true);
      expect(await remove('example.com')).toBe(false);
      expect(await list()).toEqual([]);
    });

    it('get an event for a message and for each change of its recipients, once', async () => {
      const domain = await addDomain(store());
      await store().webhooks.set('example.com', hook(), 7);
      const id = await queued(store(), domain, {}, 4);
      const lease = await leaseOne(store());
      const settlements = ['delivered', 'deferred', 'bounced', 'delivered'].map((outcome, position) =>
        settlement(position, outcome as 'delivered'),
      );
      await store().queue.settle(lease, settlements, false);
      await store().queue.settle(lease, settlements, true);
      const event = expect.any(Number) as number;
      const common = { domainId: domain.id, message: id, attempts: 0, crashes: null, event };
      const recorded = { ...common, at: RECEIVED + 10 };
      const list = await events();
      expect(list).toEqual([
        { ...common, name: 'email.queued', positions: [0, 1, 2, 3], attempt: null, at: RECEIVED },
        { ...recorded, name: 'email.delivered', positions: [0, 3], attempt: attempt('delivered') },
        { ...recorded, name: 'email.deferred', positions: [1], attempt: attempt('deferred') },
        { ...recorded, name: 'email.bounced', positions: [2], attempt: attempt('bounced') },
      ]);
      expect(new Set(list.map(({ event }) => event)).size).toBe(4);
    });

    it('get only the events that they want, and none while they are off', async () => {
      const domain = await addDomain(store());
      const other = await addDomain(store(), 'other.example');
      await store().webhooks.set('example.com', hook(['email.delivered']), 7);
      await queued(store(), domain);
      await store().queue.settle(await leaseOne(store()), [settlement(0, 'delivered')], true);
      await queued(store(), other);
      await store().queue.settle(await leaseOne(store()), [settlement(0, 'delivered')], true);
      expect((await events()).map(({ name, domainId }) => [name, domainId])).toEqual([
        ['email.delivered', domain.id],
      ]);
      await store().webhooks.switchOff(domain.id, 'gone', 8);
      expect(await store().webhooks.nextEventDue()).toBeNull();
      await queued(store(), domain);
      await store().queue.settle(await leaseOne(store()), [settlement(0, 'delivered')], true);
      expect(await store().webhooks.nextEventDue()).toBeNull();
    });

    it('get an event for a held message once it is released', async () => {
      const domain = await addDomain(store());
      await store().webhooks.set('example.com', hook(), 7);
      const id = await queued(store(), domain, { status: 'held' }, 2);
      expect(await events()).toEqual([]);
      await store().queue.release(id, RECEIVED + 3);
      expect(await events()).toMatchObject([{ name: 'email.queued', positions: [0, 1], at: RECEIVED + 3 }]);
    });

    it('have no more events leased of one domain than is allowed', async () => {
      const domains = [await addDomain(store(), 'a.example'), await addDomain(store(), 'b.example')];
      for (const { name } of domains) await store().webhooks.set(name, hook(), 7);
      for (const domain of [0, 0, 0, 0, 1].map((at) => domains[at])) {
        if (domain !== undefined) await queued(store(), domain);
      }
      const lease = async (now: number): Promise<number[]> => {
        const request = { now, until: now + 500, limit: 9, perDomain: 2 };
        return (await store().webhooks.leaseEvents(request)).map(({ domainId }) => domainId).sort();
      };
      const [a = 0, b = 0] = domains.map(({ id }) => id);
      expect(await lease(RECEIVED)).toEqual([a, a, b]);
      expect(await lease(RECEIVED + 1)).toEqual([]);
      // The leases of the first call have run out.
      expect(await lease(RECEIVED + 500)).toEqual([a, a, b]);
    });

    it('have their events leased, deferred and ended, domain by domain', async () => {
      const domains = [await addDomain(store(), 'a.example'), await addDomain(store(), 'b.example')];
      for (const { name } of domains) await store().webhooks.set(name, hook(), 7);
      for (const domain of [domains[0], domains[0], domains[0], domains[1]]) {
        if (domain !== undefined) await queued(store(), domain);
      }
      const first = await events(RECEIVED, 3);
      expect(first.map(({ domainId }) => domainId)).toEqual([domains[0]?.id, domains[1]?.id, domains[0]?.id]);
      const [one, two, three] = first.map(({ event }) => event) as [number, number, number];
      expect(await events(RECEIVED, 9)).toHaveLength(1);
      await store().webhooks.endEvent(one);
      await store().webhooks.endEvent(one);
      await store().webhooks.deferEvent(two, RECEIVED + 900);
      expect((await events(RECEIVED + 500, 9)).map(({ event }) => event)).toContain(three);
      // A server that is gone holds nothing.
      await reopen();
      expect(await store().webhooks.nextEventDue()).toBe(RECEIVED);
      expect(await events(RECEIVED + 899, 9)).toHaveLength(2);
      expect(await events(RECEIVED + 900, 9)).toMatchObject([{ event: two, attempts: 1 }]);
      await store().webhooks.remove('a.example');
      await store().webhooks.remove('b.example');
      expect(await store().webhooks.nextEventDue()).toBeNull();
    });
  });
}
