import { addCounts, NO_COUNTS } from '../../../store/statistics.js';
import type { Store } from '../../../store/port.js';
import { freeOctets } from '../../serve/disk.js';
import { Readiness } from '../../serve/readiness.js';
import { withStore } from '../store.js';
import type { Numbers, ServerState } from './state.js';

const HOUR_MS = 3_600_000;

/**
 * Reads the state from a data folder.
 *
 * @param served whether a server runs on it
 */
export async function folderState(data: string, served: boolean, now: number): Promise<ServerState> {
  return withStore(data, { create: false }, async (store) => {
    // Only the server knows its routes and its attempts.
    const problems = await new Readiness(store, data, true).problems();
    const reasons = served ? problems : [`no server runs on ${data}`, ...problems];
    return {
      ready: reasons.length === 0,
      reasons,
      source: data,
      numbers: await numbersOf(store, data, now),
      nodes: null,
    };
  });
}

async function numbersOf(store: Store, data: string, now: number): Promise<Numbers> {
  const since = Math.floor((now - 24 * HOUR_MS) / HOUR_MS) * HOUR_MS;
  const [{ messages, contentOctets }, hours, [oldest], diskFree] = await Promise.all([
    store.domainRecords.totals(),
    store.statistics.counts('all', { unit: 'hour', since, until: now }),
    store.queue.waiting({ limit: 1 }),
    freeOctets(data).catch(() => null),
  ]);
  const { accepted, delivered, deferred, bounced } = hours.reduce(addCounts, NO_COUNTS);
  return {
    messages,
    contentOctets,
    oldestSeconds: oldest === undefined ? 0 : Math.max(0, Math.round((now - oldest.receivedAt) / 1000)),
    diskFree,
    since: new Date(since).toISOString(),
    ...{ accepted, delivered, deferred, bounced },
  };
}
