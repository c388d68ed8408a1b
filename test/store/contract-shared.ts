/** The part of the store's contract about what all servers count together. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { addDomain } from './fixtures.js';

/** @param store the open store of the test that runs */
export function describeShared(store: () => Store): void {
  describe('rates', () => {
    it("allow a whole minute's number at once, for each domain and each kind, and then say how long to wait", async () => {
      const [a, b] = [await addDomain(store(), 'a.example'), await addDomain(store(), 'b.example')];
      for (let n = 0; n < 3; n++) expect(await store().rates.take('messages', a.id, 3)).toBe(0);
      for (let n = 0; n < 2; n++) {
        const wait = await store().rates.take('messages', a.id, 3);
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(20_000);
      }
      expect(await store().rates.take('recipients', a.id, 3)).toBe(0);
      expect(await store().rates.take('messages', b.id, 3)).toBe(0);
    });

    it('give out no more and no less of a large number, however many ask at once', async () => {
      const { id } = await addDomain(store());
      const waits = await Promise.all(
        Array.from({ length: 600 }, async () => store().rates.take('messages', id, 500)),
      );
      const given = waits.filter((wait) => wait === 0).length;
      expect(given).toBeGreaterThanOrEqual(500);
      // What the time of the test gives back, if it takes some seconds.
      expect(given).toBeLessThanOrEqual(550);
    });
  });

  it('failed sign-ins at this server are not counted as those of others', async () => {
    for (let n = 0; n < 3; n++) expect(await store().authFailures.note('192.0.2.7', 60_000)).toBe(0);
  });
}
