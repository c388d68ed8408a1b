/** The part of the store's contract about what the API shows beside messages: domains, block lists, calls of webhooks. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { accept, digest, newMessage, twoDomains } from './fixtures.js';

const RECEIVED = 1_760_000_000_000;

/** @param store the open store of the test that runs */
export function describeDomainRecords(store: () => Store, reopen: () => Promise<void>): void {
  describe('domains of the API', () => {
    it('are listed with counts, tokens and retention, within the scope', async () => {
      const { a, b } = await twoDomains(store());
      await accept(store(), newMessage(a.id), Buffer.alloc(70));
      const id = await accept(store(), newMessage(a.id, { status: 'queued' }), Buffer.alloc(30));
      await store().domainRecords.tokenUsed(digest('a.example'), 5000);
      await store().domainRecords.tokenUsed(digest('a.example'), 5001);
      const retention = { contentAge: 1, messageAge: null, contentOctets: 3 };
      expect(await store().domainRecords.setRetention({ domainId: b.id }, 'a.example', retention)).toBe(
        false,
      );
      expect(await store().domainRecords.setRetention('all', 'a.example', retention)).toBe(true);
      await store().rotateToken('a.example', digest('next'), 9000, 6000);
      await reopen();
      const list = await store().domainRecords.list('all', { limit: 9 }, 7000);
      expect(list.map(({ name }) => name)).toEqual(['a.example', 'b.example']);
      expect(list[0]).toEqual({
        ...a,
        messages: { held: 1, queued: 1, deferred: 0, delivered: 0, bounced: 0, cancelled: 0 },
        contentOctets: 100,
        tokens: [
          { createdAt: 6000, lastUsedAt: null, expiresAt: null },
          { createdAt: 1000, lastUsedAt: 5000, expiresAt: 9000 },
        ],
        retention,
      });
      expect(await store().domainRecords.list({ domainId: b.id }, { limit: 9 }, 7000)).toMatchObject([b]);
      expect(await store().domainRecords.totals()).toEqual({
        messages: list[0]?.messages,
        contentOctets: list[0]?.contentOctets,
      });
      expect(await store().domainRecords.list('all', { contains: 'b.e', limit: 9 }, 7000)).toMatchObject([b]);
      expect(await store().domainRecords.list('all', { after: 'a.example', limit: 9 }, 7000)).toMatchObject([
        b,
      ]);
      expect(await store().domainRecords.find({ domainId: b.id }, 'a.example', 7000)).toBeNull();
      expect(await store().domainRecords.remove({ domainId: b.id }, 'a.example', 'cancel', 7000)).toBeNull();
      expect(await store().domainRecords.remove('all', 'a.example', 'cancel', 7000)).toBe(2);
      expect((await store().message(id))?.status).toBe('cancelled');
      expect(await store().domainRecords.find('all', 'a.example', 7000)).toBeNull();
    });

    it('are removed with the mail that is being accepted meanwhile, which is kept and cancelled', async () => {
      const { a, b } = await twoDomains(store());
      await accept(store(), newMessage(b.id));
      const accepting = Array.from({ length: 20 }, () =>
        accept(store(), newMessage(a.id, { status: 'queued' })),
      );
      const removing = store().domainRecords.remove('all', 'a.example', 'cancel', 7000);
      const ids = await Promise.all(accepting);
      expect(await removing).toBe(20);
      for (const id of ids) {
        expect(await store().message(id)).toMatchObject({ domain: 'a.example', status: 'cancelled' });
      }
    });
  });
}

/** @param store the open store of the test that runs */
export function describeBlockLists(store: () => Store): void {
  describe('block lists of the API', () => {
    it('change, search and expire entries within the scope', async () => {
      const { a, b } = await twoDomains(store());
      const entry = (domain: string, address: string, expiresAt: number | null = null) =>
        ({ domain, address, verdict: 'blocked', since: 5, reason: 'r', expiresAt }) as const;
      const entries = [
        entry('a.example', 'X@example.net', 2_000_000_000_000),
        entry('b.example', 'y@example.net'),
      ];
      expect(await store().blockLists.putAll({ domainId: a.id }, entries)).toBe(1);
      expect(
        await store().blockLists.putAll('all', [...entries, entry('none.example', 'z@example.net')]),
      ).toBe(2);
      const found = await store().blockLists.search('all', { domain: 'a.example', limit: 9 }, 10);
      expect(found).toEqual([{ ...entries[0], address: 'x@example.net' }]);
      expect(await store().blockLists.search({ domainId: b.id }, { limit: 9 }, 10)).toEqual([entries[1]]);
      expect(await store().blockLists.search('all', { limit: 9 }, 2_000_000_000_000)).toEqual([entries[1]]);
      expect(await store().blockList.find(a.id, 'x@example.net')).not.toBeNull();
      await store().blockLists.putAll('all', [entry('a.example', 'x@example.net', 6)]);
      expect(await store().blockList.find(a.id, 'x@example.net')).toBeNull();
      expect(await store().blockLists.removeAll({ domainId: a.id }, entries)).toBe(1);
      expect(await store().blockLists.removeAll('all', entries)).toBe(1);
    });
  });
}

/** @param store the open store of the test that runs */
export function describeWebhookCalls(store: () => Store): void {
  describe('webhook calls', () => {
    it('are listed, tried again and tested within the scope', async () => {
      const { a, b } = await twoDomains(store());
      const keys = { publicKey: new Uint8Array(32), privateKey: new Uint8Array(48) };
      await store().webhooks.set('a.example', { url: 'https://h/', events: ['email.queued'], keys }, 1);
      const message = await accept(store(), newMessage(a.id, { status: 'queued' }));
      const lease = async () =>
        store().webhooks.leaseEvents({ now: RECEIVED, until: RECEIVED + 9, limit: 9 });
      const [event] = await lease();
      const call = {
        event: event?.event ?? 0,
        domainId: a.id,
        name: 'email.queued',
        message,
        at: 7,
        duration: 3,
        status: 500,
        outcome: 'gave-up',
        problem: 'answered 500',
      } as const;
      await store().webhookCalls.record(call);
      await store().webhooks.endEvent(call.event);
      const [listed] = await store().webhookCalls.list({ domainId: a.id }, { limit: 9 });
      expect(listed).toEqual({ ...call, call: expect.any(Number) as number });
      expect((await store().mail.message('all', message))?.calls).toEqual([listed]);
      expect(await store().webhookCalls.list({ domainId: b.id }, { limit: 9 })).toEqual([]);
      expect(await store().webhookCalls.list('all', { domain: 'b.example', limit: 9 })).toEqual([]);
      expect(await store().webhookCalls.redeliver({ domainId: b.id }, listed?.call ?? 0)).toBeNull();
      expect(await store().webhookCalls.redeliver('all', listed?.call ?? 0)).toBeGreaterThan(call.event);
      expect(await store().webhookCalls.test({ domainId: b.id }, message, 'email.bounced', 9)).toBeNull();
      expect(await store().webhookCalls.test('all', message, 'email.bounced', 9)).toBeGreaterThan(call.event);
      const again = await lease();
      expect(again).toMatchObject([
        { name: 'email.queued', message, positions: [0], attempt: null, hastened: true },
        { name: 'email.bounced', message, positions: [0], attempt: { outcome: 'bounced', at: 9 } },
      ]);
      expect(again[1]?.hastened).toBe(true);
      expect(event?.hastened).toBeUndefined();
      // Once it has failed, it waits as any other.
      await store().webhooks.deferEvent(again[0]?.event ?? 0, RECEIVED);
      expect((await lease())[0]).toMatchObject({ event: again[0]?.event, attempts: 1 });
      await store().webhooks.deferEvent(again[0]?.event ?? 0, RECEIVED);
      expect((await lease())[0]?.hastened).toBeUndefined();
    });
  });
}
