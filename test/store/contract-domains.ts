/** The part of the store's contract about domains and tokens. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { accept, addDomain, digest, newMessage } from './fixtures.js';

/** @param store the open store of the test that runs */
export function describeDomains(store: () => Store): void {
  describe('domains and tokens', () => {
    const find = (token: string, now = 5000) => store().domainByToken(digest(token), now);

    it('is empty until a domain is added, and not after one is removed', async () => {
      expect(await store().isEmpty()).toBe(true);
      await addDomain(store());
      expect(await store().isEmpty()).toBe(false);
      await store().removeDomain('example.com', 2000);
      expect(await store().isEmpty()).toBe(false);
      expect(await store().domains()).toEqual([]);
    });

    it('finds a domain only by its token', async () => {
      const domain = await addDomain(store(), 'example.com', 'secret');
      await addDomain(store(), 'a.example', 'other');
      expect(domain).toEqual({ id: domain.id, name: 'example.com', createdAt: 1000 });
      expect(await find('secret')).toEqual(domain);
      expect(await find('Secret')).toBeNull();
      expect((await store().domains()).map(({ name }) => name)).toEqual(['a.example', 'example.com']);
    });

    it('does not add a domain twice, and leaves the first its token', async () => {
      await addDomain(store(), 'example.com', 'first');
      expect(await store().addDomain('example.com', digest('second'), 2000)).toBeNull();
      expect(await find('first')).not.toBeNull();
      expect(await find('second')).toBeNull();
    });

    it('removes a domain with its tokens, keeps its messages, and brings both back', async () => {
      const domain = await addDomain(store(), 'example.com', 'first');
      const id = await accept(store(), newMessage(domain.id));
      expect(await store().removeDomain('example.com', 2000)).toBe(true);
      expect(await store().removeDomain('example.com', 2001)).toBe(false);
      expect(await find('first', 1500)).toBeNull();
      expect((await store().messages({ domain: 'example.com', limit: 10 })).map((m) => m.id)).toEqual([id]);
      expect((await store().message(id))?.domain).toBe('example.com');

      const again = await store().addDomain('example.com', digest('second'), 3000);
      expect(again?.id).toBe(domain.id);
      expect(await find('first')).toBeNull();
      expect((await find('second'))?.id).toBe(domain.id);
    });

    it('rotates a token: the old one works until its time and no longer', async () => {
      await addDomain(store(), 'example.com', 'first');
      expect(await store().rotateToken('example.com', digest('second'), 9000, 2000)).toBe(true);
      expect(await find('first', 8999)).not.toBeNull();
      expect(await find('first', 9000)).toBeNull();
      expect(await find('second', 1e15)).not.toBeNull();

      // A second rotation may shorten the first token's time, never lengthen it.
      await store().rotateToken('example.com', digest('third'), 20_000, 3000);
      expect(await find('first', 8999)).not.toBeNull();
      expect(await find('first', 9000)).toBeNull();
      expect(await find('second', 19_999)).not.toBeNull();
      expect(await find('second', 20_000)).toBeNull();
      await store().rotateToken('example.com', digest('fourth'), 4000, 4000);
      for (const old of ['first', 'second', 'third']) expect(await find(old, 4000)).toBeNull();
      expect(await find('fourth')).not.toBeNull();
    });

    it('rotates nothing if there is no such domain', async () => {
      expect(await store().rotateToken('example.com', digest('x'), 9000, 2000)).toBe(false);
      await addDomain(store());
      await store().removeDomain('example.com', 2000);
      expect(await store().rotateToken('example.com', digest('x'), 9000, 3000)).toBe(false);
      expect(await find('x')).toBeNull();
    });

    it("does not take another domain's token", async () => {
      await addDomain(store(), 'example.com', 'first');
      await addDomain(store(), 'example.org', 'second');
      await expect(store().addDomain('example.net', digest('first'), 1)).rejects.toMatchObject({
        code: 'failed',
      });
      await expect(store().rotateToken('example.org', digest('first'), 1, 1)).rejects.toMatchObject({
        code: 'failed',
      });
      expect((await find('first'))?.name).toBe('example.com');
      expect((await find('second'))?.name).toBe('example.org');
      expect(await store().domains()).toHaveLength(2);
    });
  });
}
