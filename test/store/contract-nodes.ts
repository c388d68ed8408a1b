/** The part of the store's contract about the servers that share it. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';

/** @param store the open store of the test that runs */
export function describeNodes(store: () => Store): void {
  describe('nodes', () => {
    const facts = { name: 'mx.example', version: '1.2.3', process: 4711 };
    const load = { connections: 3, delivering: 2, memory: 70_000_000, cpu: 0.25 };

    it('are those that were announced, with what they say of themselves', async () => {
      expect(await store().nodes.list()).toEqual([]);
      expect(store().nodes.running).toBe(1);
      await store().nodes.announce(facts, () => load);
      const [own, ...others] = await store().nodes.list();
      expect(others).toEqual([]);
      expect(own).toMatchObject({ ...facts, startedAt: Date.UTC(2026, 0, 1), state: 'running', load });
      expect(own?.id).toBeTypeOf('number');
      expect(own?.seenAt).toBeTypeOf('number');
    });

    it('say that they end', async () => {
      await store().nodes.drain();
      expect(await store().nodes.list()).toEqual([]);
      await store().nodes.announce(facts, () => load);
      await store().nodes.drain();
      expect(await store().nodes.list()).toMatchObject([{ state: 'draining' }]);
    });
  });
}
