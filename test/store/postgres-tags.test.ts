// Counts by tag: the table that a node folds into, together with what is not folded yet.
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { accept, addDomain, newMessage } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

it('messages are counted by tag when they come, change and go, folded or not', async () => {
  const url = await cluster.schema();
  const store = await openPostgresStore({ url });
  onTestFinished(() => store.close());
  const a = await addDomain(store, 'a.example');
  const b = await addDomain(store, 'b.example');
  const counts = async (query: object = {}) =>
    Object.fromEntries(
      (await store.statistics.tags('all', { limit: 9, ...query })).map(({ tag, messages }) => [
        tag,
        messages,
      ]),
    );
  const isFolded = () =>
    vi.waitFor(async () => expect(await cluster.query(url, 'SELECT * FROM tag_delta')).toEqual([]), 20_000);
  const steps: [() => Promise<unknown>, Record<string, number>, Record<string, number>][] = [];
  const ids: number[] = [];
  const take = async (domain: number, ...tags: string[]) =>
    void ids.push(await accept(store, newMessage(domain, { tags, status: 'held' })));
  const selected = (at: number) => ({ ids: [ids[at] ?? 0] });
  steps.push([() => take(a.id, 'x', 'y'), { x: 1, y: 1 }, { x: 1, y: 1 }]);
  steps.push([() => take(b.id, 'y', 'z'), { x: 1, y: 2, z: 1 }, { x: 1, y: 1 }]);
  steps.push([
    () => store.mail.retag('all', { add: ['w'], remove: ['y'] }, selected(0)),
    { w: 1, x: 1, y: 1, z: 1 },
    { w: 1, x: 1 },
  ]);
  const remove = async (at: number) => {
    await store.mail.operate('all', { operation: 'cancel', selection: selected(at), now: 1 });
    await store.mail.operate('all', { operation: 'delete', selection: selected(at), now: 1 });
  };
  steps.push([() => remove(0), { y: 1, z: 1 }, {}]);
  steps.push([() => take(b.id, 'z'), { y: 1, z: 2 }, {}]);
  for (const [step, all, own] of steps) {
    await step();
    for (const fold of [async () => undefined, isFolded]) {
      await fold();
      expect(await counts()).toEqual(all);
      expect(await counts({ domain: 'a.example' })).toEqual(own);
      const names = Object.keys(all);
      expect(Object.keys(await counts({ limit: 1 }))).toEqual(names.slice(0, 1));
      expect(Object.keys(await counts({ after: names[0] }))).toEqual(names.slice(1));
    }
  }
  expect(await cluster.query(url, 'SELECT * FROM tag_count WHERE count <= 0')).toEqual([]);
});
