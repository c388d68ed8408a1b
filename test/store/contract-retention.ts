/** The part of the store's contract about the removal of what is old. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import type { RetentionRequest } from '../../src/store/retention.js';
import { leaseOne, queued, RECEIVED, settlement } from './contract-queue.js';
import { accept, addDomain, contentOf, newMessage, octets } from './fixtures.js';

/** @param store the open store of the test that runs */
export function describeRetention(store: () => Store, reopen: () => Promise<void>): void {
  describe('retention', () => {
    const all = async (rules: Omit<RetentionRequest, 'now'>) => {
      const request = { now: RECEIVED, ...rules };
      const total = { contents: 0, messages: 0 };
      for (;;) {
        const { contents, messages } = await store().retention.removeOld(request);
        if (contents === 0 && messages === 0) return total;
        total.contents += contents;
        total.messages += messages;
      }
    };
    const delivered = async (id: number, report: 'delivered' | null = null) => {
      const lease = await leaseOne(store());
      expect(lease.id).toBe(id);
      await store().queue.settle(lease, [settlement(0, 'delivered', { report })], true);
      return id;
    };

    it('removes content and messages that are older, and leaves the rest', async () => {
      const domain = await addDomain(store());
      const message = (changes = {}) => newMessage(domain.id, { status: 'queued', tags: ['t'], ...changes });
      // Larger than one step removes.
      const old = await delivered(
        await accept(store(), message({ receivedAt: RECEIVED - 1 }), octets(4_500_000)),
      );
      const young = await delivered(await accept(store(), message(), octets(3000)));
      expect(await all({ contentBefore: null, messagesBefore: null })).toEqual({ contents: 0, messages: 0 });
      expect(await all({ contentBefore: RECEIVED, messagesBefore: null })).toEqual({
        contents: 1,
        messages: 0,
      });
      expect(await store().message(old)).toMatchObject({
        contentRemoved: true,
        size: 4_500_000,
        status: 'delivered',
      });
      expect(await contentOf(store(), old)).toHaveLength(0);
      expect(await contentOf(store(), young)).toHaveLength(3000);
      expect(await all({ contentBefore: RECEIVED + 1, messagesBefore: RECEIVED })).toEqual({
        contents: 1,
        messages: 1,
      });
      await reopen();
      expect(await store().message(old)).toBeNull();
      expect((await store().messages({ tag: 't', limit: 9 })).map(({ id }) => id)).toEqual([young]);
      expect(await store().message(young)).toMatchObject({ contentRemoved: true });
      expect(await all({ contentBefore: null, messagesBefore: RECEIVED + 1 })).toEqual({
        contents: 0,
        messages: 1,
      });
      expect(await store().messages({ limit: 9 })).toEqual([]);
    });

    it('leaves messages that are held, wait, or are owed a notification', async () => {
      const domain = await addDomain(store());
      const owed = await delivered(await queued(store(), domain), 'delivered');
      const kept = [owed, await queued(store(), domain), await queued(store(), domain, { status: 'held' })];
      const request = { contentBefore: RECEIVED + 1, messagesBefore: RECEIVED + 1 };
      expect(await all(request)).toEqual({ contents: 0, messages: 0 });
      for (const id of kept) expect(await contentOf(store(), id)).toHaveLength(100);
      await store().queue.dropReports({ id: owed, recipients: [{ position: 0, report: 'delivered' }] });
      expect(await all(request)).toEqual({ contents: 0, messages: 1 });
    });

    it('goes through as many as there are, in steps', async () => {
      const domain = await addDomain(store());
      const ids = await Promise.all(
        Array.from({ length: 450 }, (_, at) =>
          queued(store(), domain, { status: at % 3 === 0 ? 'held' : 'queued' }),
        ),
      );
      await Promise.all(ids.filter((_, at) => at % 3 !== 0).map((id) => store().queue.cancel(id, RECEIVED)));
      expect(await all({ contentBefore: null, messagesBefore: RECEIVED + 1 })).toEqual({
        contents: 0,
        messages: 300,
      });
      expect(await store().messages({ limit: 1000 })).toHaveLength(150);
    });

    it("follows a domain's own ages where it has them", async () => {
      const [a, b] = [await addDomain(store(), 'a.example', 'a'), await addDomain(store(), 'b.example', 'b')];
      const old = { receivedAt: RECEIVED - 1000 };
      const [ofA, ofB] = [
        await delivered(await queued(store(), a, old)),
        await delivered(await queued(store(), b, old)),
      ];
      const { setRetention } = store().domainRecords;
      const own = { contentAge: 999, messageAge: null, contentOctets: null };
      await setRetention('all', 'a.example', own);
      expect(await all({ contentBefore: null, messagesBefore: null })).toEqual({ contents: 1, messages: 0 });
      expect(await store().message(ofA)).toMatchObject({ contentRemoved: true });
      expect(await store().message(ofB)).toMatchObject({ contentRemoved: false });
      // The rule of the request is stricter, and does not count for a domain with a rule of its own.
      await setRetention('all', 'a.example', { ...own, contentAge: null, messageAge: 1000 });
      expect(await all({ contentBefore: RECEIVED, messagesBefore: RECEIVED })).toEqual({
        contents: 0,
        messages: 1,
      });
      expect(await store().message(ofB)).toBeNull();
      await setRetention('all', 'a.example', { ...own, contentAge: null, messageAge: 999 });
      expect(await all({ contentBefore: null, messagesBefore: null })).toEqual({ contents: 0, messages: 1 });
      expect(await store().message(ofA)).toBeNull();
    });

    it("removes a domain's oldest finished content while it has too much, and no more", async () => {
      const [a, b] = [await addDomain(store(), 'a.example', 'a'), await addDomain(store(), 'b.example', 'b')];
      const keep = async (domain: typeof a, size: number, status: 'held' | 'queued' = 'queued') => {
        const id = await accept(store(), newMessage(domain.id, { status }), octets(size));
        return status === 'held' ? id : delivered(id);
      };
      const foreign = await keep(b, 9000);
      const held = await keep(a, 500, 'held');
      // The second one is larger than what one step removes.
      const ids = [await keep(a, 1000), await keep(a, 4_500_000), await keep(a, 2000), await keep(a, 3000)];
      await reopen();
      const rule = { contentAge: null, messageAge: null, contentOctets: 5500 };
      await store().domainRecords.setRetention('all', 'a.example', rule);
      expect(await all({ contentBefore: null, messagesBefore: null })).toEqual({
        contents: 2,
        messages: 0,
      });
      const removed = async (id: number) => (await store().message(id))?.contentRemoved;
      expect(await Promise.all(ids.map(removed))).toEqual([true, true, false, false]);
      expect(await Promise.all([held, foreign].map(removed))).toEqual([false, false]);
      expect((await store().domainRecords.find('all', 'a.example', 0))?.contentOctets).toBe(5500);
      // Held messages stay, even if their content is too much.
      await store().domainRecords.setRetention('all', 'a.example', { ...rule, contentOctets: 1 });
      expect(await all({ contentBefore: null, messagesBefore: null })).toEqual({
        contents: 2,
        messages: 0,
      });
      expect((await store().domainRecords.find('all', 'a.example', 0))?.contentOctets).toBe(500);
    });

    it('frees space until nothing is left to free', async () => {
      const domain = await addDomain(store());
      await delivered(await accept(store(), newMessage(domain.id, { status: 'queued' }), octets(5_000_000)));
      await all({ contentBefore: null, messagesBefore: RECEIVED + 1 });
      let given = 0;
      for (let step = await store().retention.shrink(); step > 0; step = await store().retention.shrink())
        given += step;
      expect(given).toBeGreaterThan(4_900_000);
    });
  });
}
