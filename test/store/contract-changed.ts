/** The part of the store's contract about messages that change while they are leased. */
import { expect, it } from 'vitest';
import type { MessageId, Store } from '../../src/store/port.js';
import { leaseAt, queued, RECEIVED, settlement, statusesOf } from './contract-queue.js';
import { addDomain } from './fixtures.js';

/** @param store the open store of the test that runs: with tags and statistics, which the queue in memory has not */
export function describeChangedMessages(store: () => Store): void {
  it('a settlement decides on what is stored, whatever has changed since the lease', async () => {
    const domain = await addDomain(store());
    const ids: MessageId[] = [];
    for (let n = 0; n < 4; n++) ids.push(await queued(store(), domain, { tags: ['x'] }));
    const [plain = 0, retagged = 0, cancelled = 0, tried = 0] = ids;
    const leases = await leaseAt(store(), RECEIVED);
    await store().mail.retag('all', { add: ['y'], remove: ['x'] }, { ids: [retagged] });
    await store().queue.cancel(cancelled, RECEIVED);
    const other = leases.find(({ id }) => id === tried);
    if (other === undefined) throw new Error('it is not leased');
    await store().queue.settle(other, [settlement(0, 'deferred')], false);
    // Two at the same time: a store that gathers settlements has one as it was together with one that has changed.
    for (const group of [[plain, retagged], [cancelled], [tried]]) {
      const held = leases.filter(({ id }) => group.includes(id));
      await Promise.all(held.map((lease) => store().queue.settle(lease, [settlement(0, 'delivered')], true)));
    }
    const of = async (id: MessageId) => [
      ...(await statusesOf(store(), id)),
      ...((await store().message(id))?.recipients[0]?.attempts.map(({ outcome }) => outcome) ?? []),
    ];
    expect(await of(plain)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(await of(retagged)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(await of(cancelled)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(await of(tried)).toEqual(['delivered', 'delivered', 'deferred', 'delivered']);
    const query = { unit: 'hour', since: RECEIVED - 7_200_000, until: RECEIVED + 7_200_000 } as const;
    for (const tag of ['x', 'y']) {
      const counts = await store().statistics.counts('all', { ...query, tag });
      expect(counts).toMatchObject([{ delivered: tag === 'x' ? 2 : 1 }]);
      expect(counts).toEqual(await store().statistics.recount('all', { ...query, tag }));
    }
    expect(await store().queue.nextDue()).toBeNull();
  });
}
