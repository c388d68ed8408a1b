/** The part of the store's contract about the removal of what is old. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import type { RetentionRequest } from '../../src/store/retention.js';
import { leaseOne, queued, RECEIVED, settlement } from './contract-queue.js';
import { accept, addDomain, contentOf, newMessage, octets } from './fixtures.js';

/** @param store the open store of the test that runs */
export function describeRetention(store: () => Store, reopen: () => Promise<void>): void {
  describe('retention', () => {
    const all = async (request: RetentionRequest) => {
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
