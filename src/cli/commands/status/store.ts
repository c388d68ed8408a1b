import { addCounts, NO_COUNTS } from '../../../store/statistics.js';
import type { Store } from '../../../store/port.js';
import { freeOctets } from '../../serve/disk.js';
import { Readiness } from '../../serve/readiness.js';
import type { NodeState } from '../../../store/nodes.js';
import { shownPlace, type StorePlace } from '../../open-store.js';
import { withStore } from '../store.js';
import type { Numbers, ServerState } from './state.js';

const HOUR_MS = 3_600_000;

/**
 * Reads the state from a store.
 *
 * @param served whether a server runs on the data folder; of a database, its nodes say so
 */
export async function storeState(place: StorePlace, served: boolean, now: number): Promise<ServerState> {
  const data = place.store.url === null ? place.data : null;
  const source = shownPlace(place);
  return withStore(place, { create: false }, async (store) => {
    // Only the server knows its routes and its attempts.
    const problems = await new Readiness(store, data, true).problems();
    const nodes = place.store.url === null ? null : countStates(await store.nodes.list());
    const runs = nodes === null ? served : nodes.running > 0;
    const reasons = runs ? problems : [`no server runs on ${source}`, ...problems];
    const numbers = await numbersOf(store, data, now);
    return { ready: reasons.length === 0, reasons, source, numbers, nodes };
  });
}

function countStates(nodes: readonly Pick<NodeState, 'state'>[]): NonNullable<ServerState['nodes']> {
  const count = (wanted: NodeState['state']): number => nodes.filter(({ state }) => state === wanted).length;
  return { running: count('running'), draining: count('draining'), silent: count('silent') };
}

async function numbersOf(store: Store, data: string | null, now: number): Promise<Numbers> {
  const since = Math.floor((now - 24 * HOUR_MS) / HOUR_MS) * HOUR_MS;
  const [{ messages, contentOctets }, hours, [oldest], transaction, diskFree] = await Promise.all([
    store.domainRecords.totals(),
    store.statistics.counts('all', { unit: 'hour', since, until: now }),
    store.queue.waiting({ limit: 1 }),
    store.nodes.oldestTransaction(),
    data === null ? null : freeOctets(data).catch(() => null),
  ]);
  const { accepted, delivered, deferred, bounced } = hours.reduce(addCounts, NO_COUNTS);
  return {
    messages,
    contentOctets,
    oldestSeconds: oldest === undefined ? 0 : Math.max(0, Math.round((now - oldest.receivedAt) / 1000)),
    transactionSeconds: Math.round(transaction / 1000),
    diskFree,
    since: new Date(since).toISOString(),
    ...{ accepted, delivered, deferred, bounced },
  };
}
