/** The part of the store's contract about the queue: leases and settlements. */
import { describe, expect, it } from 'vitest';
import type { Domain, MessageId, NewMessage, Store } from '../../src/store/port.js';
import type { Attempt, Lease, LeaseRequest, Settlement } from '../../src/store/queue.js';
import { accept, addDomain, newMessage, octets } from './fixtures.js';

/** The time at which the messages of these tests were accepted. */
export const RECEIVED = 1_760_000_000_000;

export function attempt(outcome: Attempt['outcome'], at = RECEIVED + 10): Attempt {
  return { at, outcome, remoteHost: 'mx.example.net', reply: `250 ${outcome}`, tls: null };
}

/** The settlement of one recipient; `changes` replaces some of it. */
export function settlement(
  position: number,
  outcome: Attempt['outcome'],
  changes: Partial<Settlement> = {},
): Settlement {
  const nextAttemptAt = outcome === 'deferred' ? RECEIVED + 60_000 : null;
  return { position, attempt: attempt(outcome), nextAttemptAt, report: null, block: false, ...changes };
}

export function leaseAt(store: Store, now: number, changes: Partial<LeaseRequest> = {}): Promise<Lease[]> {
  return store.queue.lease({ now, until: now + 30_000, limit: 100, perDomain: 100, ...changes });
}

/** Returns the only lease that can be had. */
export async function leaseOne(store: Store, now = RECEIVED): Promise<Lease> {
  const [lease, ...others] = await leaseAt(store, now);
  if (lease === undefined || others.length > 0) throw new Error(`${others.length + (lease ? 1 : 0)} leases`);
  return lease;
}

/** A waiting message with so many recipients. */
export function queued(
  store: Store,
  domain: Domain,
  changes: Partial<NewMessage> = {},
  recipients = 1,
): Promise<MessageId> {
  const list = Array.from({ length: recipients }, (_, at) => ({ forwardPath: `r${at}@example.net` }));
  return accept(store, newMessage(domain.id, { status: 'queued', recipients: list, ...changes }));
}

export async function statusesOf(store: Store, id: MessageId): Promise<string[]> {
  const message = await store.message(id);
  return [message?.status ?? 'none', ...(message?.recipients.map(({ status }) => status) ?? [])];
}

/** @param store the open store of the test that runs */
export function describeQueue(store: () => Store, reopen: () => Promise<void>): void {
  describe('leases', () => {
    it('hold what is needed to deliver a message', async () => {
      const domain = await addDomain(store());
      const terms = { ret: 'HDRS', priority: 3, body: '8BITMIME', requireTls: true } as const;
      const recipients = [
        {
          forwardPath: 'a@example.net',
          notify: ['DELAY'] as const,
          originalRecipient: 'rfc822;x@example.net',
        },
        { forwardPath: 'b@example.net' },
      ];
      const id = await accept(
        store(),
        newMessage(domain.id, { status: 'queued', tags: ['one'], recipients, terms }),
        octets(77),
      );
      const leases = await leaseAt(store(), RECEIVED, { until: RECEIVED + 5 });
      const none = { attempts: 0, delayReported: false };
      expect(leases).toEqual([
        {
          lease: expect.any(Number) as number,
          id,
          domain,
          reversePath: 'bounces@example.com',
          from: 'app@example.com',
          tags: ['one'],
          messageId: '<1@example.com>',
          size: 77,
          receivedAt: RECEIVED,
          terms: (await store().message(id))?.terms,
          needs: null,
          recipients: [
            { position: 0, ...recipients[0], ...none },
            { position: 1, ...recipients[1], notify: null, originalRecipient: null, ...none },
          ],
          until: RECEIVED + 5,
        },
      ]);
    });

    it('bring the content along if it is short enough', async () => {
      const domain = await addDomain(store());
      for (const size of [0, 77, 78]) {
        await accept(store(), newMessage(domain.id, { status: 'queued' }), octets(size));
      }
      const leases = await leaseAt(store(), RECEIVED, { contentOctets: 77 });
      expect(leases.map(({ size }) => size)).toEqual([0, 77, 78]);
      expect(leases.find(({ size }) => size === 77)?.content).toEqual(new Uint8Array(octets(77)));
      expect(leases.find(({ size }) => size === 78)?.content).toBeUndefined();
    });

    it('are given only for recipients that are due: not held, not before their time', async () => {
      const domain = await addDomain(store());
      await queued(store(), domain, { status: 'held' });
      await queued(store(), domain, { terms: { releaseAt: RECEIVED + 500 } });
      expect(await leaseAt(store(), RECEIVED + 499)).toEqual([]);
      expect(await store().queue.nextDue()).toBe(RECEIVED + 500);
      expect(await leaseAt(store(), RECEIVED + 500)).toHaveLength(1);
    });

    it('belong to one server until they expire, and then to another', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain);
      const first = await leaseOne(store());
      expect(await leaseAt(store(), first.until - 1)).toEqual([]);
      expect(await store().queue.nextDue()).toBe(first.until);
      const second = await leaseOne(store(), first.until);
      expect(second).toMatchObject({ id, recipients: first.recipients });
      expect(second.lease).not.toBe(first.lease);
      await store().queue.renew([first], first.until + 1_000_000);
      expect(await leaseAt(store(), second.until - 1)).toEqual([]);
      expect(await leaseAt(store(), second.until)).toHaveLength(1);
    });

    it('last longer when renewed', async () => {
      const domain = await addDomain(store());
      await queued(store(), domain);
      const lease = await leaseOne(store());
      await store().queue.renew([lease], lease.until + 1000);
      await store().queue.renew([lease], lease.until + 1000);
      expect(await leaseAt(store(), lease.until + 999)).toEqual([]);
      expect(await leaseAt(store(), lease.until + 1000)).toHaveLength(1);
    });

    it('say when renewed which of them are held, within a period in which no other server takes over', async () => {
      const domain = await addDomain(store());
      await queued(store(), domain);
      await queued(store(), domain);
      const { queue } = store();
      const period = queue.period();
      expect(period).toBeTypeOf('number');
      const leases = await leaseAt(store(), RECEIVED);
      const ids = leases.map(({ id }) => id);
      const until = Math.max(...leases.map((lease) => lease.until));
      expect([...(await queue.renew(leases, until))].sort()).toEqual(ids.sort());
      const again = await leaseAt(store(), until, { limit: 1 });
      const taken = again.map(({ id }) => id);
      expect(taken).toHaveLength(1);
      expect(await queue.renew(leases, until)).toEqual(ids.filter((id) => !taken.includes(id)));
      expect(await queue.renew(again, until + 1)).toEqual(taken);
      expect(await queue.renew([], until)).toEqual([]);
      expect(queue.period()).toBe(period);
    });

    it('end with a server that has the store to itself, numbers never come again', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain);
      const first = await leaseOne(store());
      await reopen();
      expect(await store().queue.nextDue()).toBe(RECEIVED);
      const second = await leaseOne(store());
      expect(second.lease).toBeGreaterThan(first.lease);
      await store().queue.settle(first, [settlement(0, 'deferred')], true);
      expect(await statusesOf(store(), id)).toEqual(['queued', 'queued']);
      await reopen();
      await store().queue.giveBack(second, RECEIVED + 9);
      expect(await store().queue.nextDue()).toBe(RECEIVED);
    });

    it('are given back without an attempt', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 2);
      const lease = await leaseOne(store());
      await store().queue.giveBack(lease, RECEIVED + 700);
      await store().queue.giveBack(lease, RECEIVED + 900);
      expect(await store().queue.nextDue()).toBe(RECEIVED + 700);
      expect(await leaseAt(store(), RECEIVED + 699)).toEqual([]);
      const again = await leaseOne(store(), RECEIVED + 700);
      expect(again.recipients).toEqual(lease.recipients);
      expect((await store().message(id))?.recipients.map(({ attempts }) => attempts)).toEqual([[], []]);
    });

    it('hold the recipients that are due, not those whose time is to come', async () => {
      const domain = await addDomain(store());
      await queued(store(), domain, {}, 3);
      const lease = await leaseOne(store());
      const at = (time: number) => ({ nextAttemptAt: RECEIVED + time });
      await store().queue.settle(
        lease,
        [settlement(0, 'deferred', at(300)), settlement(1, 'delivered'), settlement(2, 'deferred', at(100))],
        true,
      );
      expect(await store().queue.nextDue()).toBe(RECEIVED + 100);
      const second = await leaseOne(store(), RECEIVED + 100);
      expect(second.recipients).toMatchObject([{ position: 2, attempts: 1 }]);
      // The lease ends with nothing due in it: nothing is given, and the other recipient keeps its time.
      await store().queue.settle(second, [settlement(2, 'delivered')], false);
      expect(await leaseAt(store(), RECEIVED + 300, { until: RECEIVED + 301 })).toEqual([]);
      const third = await leaseOne(store(), second.until);
      expect(third.recipients).toMatchObject([{ position: 0 }]);
    });

    it('of a message whose rest was put off by then end in its time', async () => {
      const domain = await addDomain(store());
      await queued(store(), domain, {}, 2);
      const lease = await leaseOne(store());
      await store().queue.settle(
        lease,
        [settlement(0, 'delivered'), settlement(1, 'deferred', { nextAttemptAt: lease.until + 5000 })],
        false,
      );
      expect(await leaseAt(store(), lease.until)).toEqual([]);
      expect(await store().queue.nextDue()).toBe(lease.until + 5000);
      expect((await leaseOne(store(), lease.until + 5000)).recipients).toMatchObject([{ position: 1 }]);
    });

    it('go to higher priorities first, then to what has been due longest; what is not due is nothing to them', async () => {
      const domain = await addDomain(store());
      const message = (priority: number, due: number) =>
        queued(store(), domain, { terms: { priority, releaseAt: RECEIVED + due } });
      await message(9, 1000);
      const low = await message(-9, 1);
      const late = await message(0, 3);
      const early = await message(0, 2);
      const high = await message(4, 9);
      const given = await leaseAt(store(), RECEIVED + 10);
      expect(given.map(({ id }) => id)).toEqual([high, early, late, low]);
    });

    it('take turns between domains, whatever each has waiting', async () => {
      const domains = [];
      for (const name of ['a.example', 'b.example', 'c.example'])
        domains.push(await addDomain(store(), name));
      const [a, b, c] = domains as [Domain, Domain, Domain];
      await Promise.all(Array.from({ length: 300 }, () => queued(store(), a, { terms: { priority: 9 } })));
      await Promise.all(Array.from({ length: 3 }, () => queued(store(), b)));
      await queued(store(), c, { receivedAt: RECEIVED + 1000 });
      const first = await leaseAt(store(), RECEIVED, { limit: 8 });
      expect(first.map(({ domain }) => domain.name[0]).join('')).toBe('abababaa');
      await queued(store(), b);
      const next = await leaseAt(store(), RECEIVED + 1000, { limit: 3 });
      expect(next.map(({ domain }) => domain.name[0]).join('')).toBe('bca');
      // One at a time, each domain still has its turn.
      await Promise.all([queued(store(), b), queued(store(), b), queued(store(), c), queued(store(), c)]);
      const turns = [];
      for (let turn = 0; turn < 6; turn++) {
        const [lease] = await leaseAt(store(), RECEIVED + 1000, { limit: 1 });
        turns.push(lease?.domain.name[0]);
      }
      expect(turns.join('')).toBe('bcabca');
    });

    it('are no more than asked for, and no more to a domain, with those it has', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      await Promise.all(Array.from({ length: 10 }, () => queued(store(), a)));
      await Promise.all(Array.from({ length: 2 }, () => queued(store(), b)));
      expect(await leaseAt(store(), RECEIVED, { limit: 0 })).toEqual([]);
      expect(await leaseAt(store(), RECEIVED, { perDomain: 0 })).toEqual([]);
      expect(await leaseAt(store(), RECEIVED, { limit: 1 })).toHaveLength(1);
      const names = async (perDomain: number) =>
        (await leaseAt(store(), RECEIVED, { perDomain }))
          .map(({ domain }) => domain.name[0])
          .sort()
          .join('');
      expect(await names(3)).toBe('aabb');
      expect(await names(3)).toBe('');
      expect(await names(4)).toBe('a');
      // Expired leases no longer count.
      const later = await leaseAt(store(), RECEIVED + 30_000, { perDomain: 5 });
      expect(
        later
          .map(({ domain }) => domain.name[0])
          .sort()
          .join(''),
      ).toBe('aaaaabb');
    });
  });

  describe('settlement', () => {
    it('writes the attempts of each recipient, and the status of the message', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 2);
      const lease = await leaseOne(store());
      const first = [settlement(0, 'delivered'), settlement(1, 'deferred', { nextAttemptAt: RECEIVED + 50 })];
      await store().queue.settle(lease, first, true);
      expect(await store().message(id)).toMatchObject({
        status: 'deferred',
        recipients: [
          { status: 'delivered', nextAttemptAt: null, attempts: [attempt('delivered')] },
          { status: 'deferred', nextAttemptAt: RECEIVED + 50, attempts: [attempt('deferred')] },
        ],
      });
      const again = await leaseOne(store(), RECEIVED + 50);
      const last = { ...attempt('bounced', RECEIVED + 60), tls: 'TLSv1.3', remoteHost: null };
      await store().queue.settle(again, [settlement(1, 'bounced', { attempt: last })], true);
      await reopen();
      expect(await store().message(id)).toMatchObject({
        status: 'bounced',
        recipients: [{}, { status: 'bounced', nextAttemptAt: null, attempts: [attempt('deferred'), last] }],
      });
      expect(await store().queue.nextDue()).toBeNull();
      expect(await store().messages({ status: 'bounced', limit: 9 })).toHaveLength(1);
    });

    it('may come in parts, before the lease ends', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 2);
      const lease = await leaseOne(store());
      await store().queue.settle(lease, [settlement(1, 'delivered')], false);
      expect(await statusesOf(store(), id)).toEqual(['queued', 'queued', 'delivered']);
      expect(await leaseAt(store(), lease.until - 1)).toEqual([]);
      await store().queue.settle(lease, [settlement(0, 'delivered')], false);
      expect(await statusesOf(store(), id)).toEqual(['delivered', 'delivered', 'delivered']);
      expect(await store().queue.nextDue()).toBeNull();
    });

    it('may be repeated', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 2);
      const lease = await leaseOne(store());
      const settlements = [settlement(0, 'bounced'), settlement(1, 'deferred')];
      for (const finished of [false, false, true, true]) {
        await store().queue.settle(lease, settlements, finished);
      }
      const message = await store().message(id);
      expect(message?.recipients.map(({ attempts }) => attempts.length)).toEqual([1, 1]);
      expect(await store().queue.nextDue()).toBe(RECEIVED + 60_000);
    });

    it('under a stale lease records only deliveries', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain, {}, 3);
      const stale = await leaseOne(store());
      const current = await leaseOne(store(), stale.until);
      await store().queue.settle(
        stale,
        [settlement(0, 'delivered'), settlement(1, 'bounced'), settlement(2, 'deferred')],
        true,
      );
      expect(await statusesOf(store(), id)).toEqual(['queued', 'delivered', 'queued', 'queued']);
      expect(await leaseAt(store(), current.until - 1)).toEqual([]);
      await store().queue.settle(current, [settlement(0, 'bounced'), settlement(1, 'bounced')], true);
      expect(await statusesOf(store(), id)).toEqual(['queued', 'delivered', 'bounced', 'queued']);
      await store().queue.settle(stale, [settlement(1, 'delivered'), settlement(2, 'delivered')], true);
      expect(await statusesOf(store(), id)).toEqual(['bounced', 'delivered', 'bounced', 'delivered']);
      expect(await store().queue.nextDue()).toBeNull();
    });

    it('of a recipient that does not exist is refused, and nothing is written', async () => {
      const domain = await addDomain(store());
      const id = await queued(store(), domain);
      const lease = await leaseOne(store());
      const settled = store().queue.settle(
        lease,
        [settlement(0, 'delivered'), settlement(1, 'delivered')],
        true,
      );
      await expect(settled).rejects.toMatchObject({ code: 'failed' });
      expect(await statusesOf(store(), id)).toEqual(['queued', 'queued']);
    });

    it('puts a recipient on the block list if it says so', async () => {
      const domain = await addDomain(store());
      const recipients = ['Gone@Example.net', 'fine@example.net', 'ok@example.net'].map((forwardPath) => ({
        forwardPath,
      }));
      await queued(store(), domain, { recipients });
      const allowed = {
        domain: domain.name,
        address: 'ok@example.net',
        verdict: 'allowed',
        since: 5,
        reason: 'ours',
      } as const;
      await store().blockList.put(allowed);
      const lease = await leaseOne(store());
      const settlements = [0, 1, 2].map((position) =>
        settlement(position, 'bounced', { block: position !== 1 }),
      );
      await store().queue.settle(lease, settlements, true);
      expect(await store().blockList.find(domain.id, 'gone@example.net')).toEqual({
        domain: 'example.com',
        address: 'gone@example.net',
        verdict: 'blocked',
        since: RECEIVED + 10,
        reason: '250 bounced',
      });
      expect(await store().blockList.find(domain.id, 'fine@example.net')).toBeNull();
      expect(await store().blockList.find(domain.id, 'ok@example.net')).toEqual(allowed);
    });
  });
}
