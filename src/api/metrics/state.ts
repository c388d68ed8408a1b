import { Gauge, type Registry } from 'prom-client';
import { STATUSES, type Store } from '../../store/port.js';

/** The parts of the server that are read for metrics. */
export interface StateSources {
  readonly store: Pick<Store, 'domainRecords' | 'queue' | 'nodes'>;
  /** Open connections by protocol. */
  readonly connections: () => Promise<{ readonly smtp: number; readonly http: number }>;
  /** Open event streams. */
  readonly streams: () => number;
  /** Free octets of the device of the data folder; null if that is not known. */
  readonly diskFree: () => Promise<number | null>;
  readonly isReady: () => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Registers the gauges that are read at each scrape. What cannot be read is left out of that scrape, so that a store
 * that fails does not hide the rest.
 */
export function gaugesOf(registry: Registry, sources: StateSources): void {
  const { store, now } = sources;
  const gauge = (
    name: string,
    help: string,
    read: () => Promise<number | null | Readonly<Record<string, number>>>,
    label?: string,
  ): void => {
    new Gauge({
      name: `postern_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      async collect() {
        const value = await read().catch(() => null);
        this.reset();
        if (typeof value === 'number') this.set(value);
        else if (value === null) this.remove();
        else for (const [of, count] of Object.entries(value)) this.set({ [label ?? '']: of }, count);
      },
    });
  };
  gauge('ready', '1 if /readyz says so', async () => ((await sources.isReady()) ? 1 : 0));
  gauge('connections', 'Open connections', async () => ({ ...(await sources.connections()) }), 'protocol');
  gauge('event_streams', 'Open event streams', async () => sources.streams());
  gauge('disk_free_bytes', 'Free octets of the device of the data folder', () => sources.diskFree());
  const totals = shared(() => store.domainRecords.totals());
  gauge(
    'messages',
    'Stored messages by status',
    async () => {
      const { messages } = await totals();
      return Object.fromEntries(STATUSES.map((status) => [status, messages[status]]));
    },
    'status',
  );
  gauge('store_content_bytes', 'Octets of stored content', async () => (await totals()).contentOctets);
  gauge(
    'nodes',
    'Servers that share the store, by state; silent ones send no heartbeat',
    async () => {
      const states = (await store.nodes.list()).map(({ state }) => state);
      const count = (wanted: string): number => states.filter((state) => state === wanted).length;
      return { running: count('running'), draining: count('draining'), silent: count('silent') };
    },
    'state',
  );
  gauge(
    'store_oldest_transaction_seconds',
    'How long the oldest transaction in the database has been open; 0 with a data folder',
    async () => (await store.nodes.oldestTransaction()) / 1000,
  );
  gauge(
    'queue_oldest_seconds',
    'How long ago the oldest message that waits came in; 0 if none waits',
    async () => {
      const [oldest] = await store.queue.waiting({ limit: 1 });
      return oldest === undefined ? 0 : Math.max(0, now() - oldest.receivedAt) / 1000;
    },
  );
}

/** Lets callers at the same time share one call. */
function shared<Result>(call: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | null = null;
  return () =>
    (running ??= call().finally(() => {
      running = null;
    }));
}
