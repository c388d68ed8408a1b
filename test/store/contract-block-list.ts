/** The part of the store's contract about block lists and DKIM keys: what is kept for a domain beside its messages. */
import { describe, expect, it } from 'vitest';
import type { BlockEntry } from '../../src/store/block-list.js';
import type { DkimKey } from '../../src/store/dkim-keys.js';
import type { Store } from '../../src/store/port.js';
import { addDomain } from './fixtures.js';

const entry = (domain: string, address: string, verdict: BlockEntry['verdict'] = 'blocked'): BlockEntry => ({
  domain,
  address,
  verdict,
  since: 5,
  reason: '550 no such user',
});

/** @param store the open store of the test that runs */
export function describeBlockList(store: () => Store): void {
  describe('block lists', () => {
    it('find an address in any case of letters, for its own domain alone', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      const { put, find, isEmpty, remove } = store().blockList;
      expect(await isEmpty(a.id)).toBe(true);
      expect(await put(entry('a.example', 'Who@Example.NET'))).toBe(true);
      expect(await isEmpty(a.id)).toBe(false);
      expect(await find(a.id, 'wHO@eXample.net')).toEqual(entry('a.example', 'who@example.net'));
      expect(await find(b.id, 'who@example.net')).toBeNull();
      expect(await isEmpty(b.id)).toBe(true);
      expect(await put(entry('a.example', 'who@example.net', 'allowed'))).toBe(true);
      expect(await find(a.id, 'who@example.net')).toEqual(entry('a.example', 'who@example.net', 'allowed'));
      expect(await isEmpty(a.id)).toBe(true);
      expect(await remove('a.example', 'WHO@example.net')).toBe(true);
      expect(await remove('a.example', 'who@example.net')).toBe(false);
      expect(await remove('none.example', 'who@example.net')).toBe(false);
      expect(await find(a.id, 'who@example.net')).toBeNull();
      expect(await put(entry('none.example', 'x@example.net'))).toBe(false);
      await store().removeDomain('b.example', 9);
      expect(await put(entry('b.example', 'x@example.net'))).toBe(false);
    });

    it('are listed in order, page by page', async () => {
      for (const name of ['b.example', 'a.example']) await addDomain(store(), name);
      const all = ['a.example', 'b.example'].flatMap((domain) => [
        entry(domain, 'a@example.net', 'allowed'),
        entry(domain, 'b@example.net'),
        entry(domain, 'c@example.net'),
      ]);
      for (const each of [...all].reverse()) await store().blockList.put(each);
      const { list } = store().blockList;
      expect(await list({ limit: 9 })).toEqual(all);
      for (let at = 1; at < all.length; at++) {
        const after = all[at - 1] as BlockEntry;
        expect(await list({ after, limit: 2 })).toEqual(all.slice(at, at + 2));
      }
      expect(await list({ domain: 'b.example', verdict: 'blocked', limit: 9 })).toEqual(all.slice(4));
      expect(await list({ verdict: 'allowed', limit: 9 })).toEqual([all[0], all[3]]);
      expect(await list({ domain: 'none.example', limit: 9 })).toEqual([]);
      expect(await list({ limit: 0 })).toEqual([]);
    });
  });
}

/** @param store the open store of the test that runs */
export function describeDkimKeys(store: () => Store): void {
  describe('DKIM keys', () => {
    it('are kept with their domain, in the order in which they were made', async () => {
      await addDomain(store(), 'a.example');
      await addDomain(store(), 'b.example');
      const key = (selector: string, createdAt: number): DkimKey => ({
        domain: 'a.example',
        selector,
        algorithm: selector === 'rsa' ? 'rsa-sha256' : 'ed25519-sha256',
        privateKey: new Uint8Array([1, 2, createdAt]),
        createdAt,
        active: true,
      });
      const { add, list, setActive, remove } = store().dkimKeys;
      expect(await add(key('rsa', 2))).toBe(true);
      expect(await add(key('ed', 1))).toBe(true);
      expect(await add(key('rsa', 3))).toBe(false);
      expect(await add({ ...key('rsa', 3), domain: 'none.example' })).toBe(false);
      expect(await list('a.example')).toEqual([key('ed', 1), key('rsa', 2)]);
      expect(await list('b.example')).toEqual([]);
      expect(await setActive('a.example', 'rsa', false)).toBe(true);
      expect(await setActive('b.example', 'rsa', false)).toBe(false);
      expect(await list('a.example')).toEqual([key('ed', 1), { ...key('rsa', 2), active: false }]);
      expect(await remove('b.example', 'rsa')).toBe(false);
      expect(await remove('a.example', 'rsa')).toBe(true);
      expect(await remove('a.example', 'rsa')).toBe(false);
      expect(await list('a.example')).toEqual([key('ed', 1)]);
    });
  });
}
