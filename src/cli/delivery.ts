import type { Logger } from 'pino';
import { type Config, ConfigError } from '../config/index.js';
import { type Reports, startReports } from '../delivery/reports/reporter.js';
import { RouteError, Routes } from '../delivery/routes.js';
import { Runner } from '../delivery/runner.js';
import type { Store } from '../store/port.js';
import { observeDelivery, observeReports } from './delivery-log.js';

/** All that runs beside the server and carries messages onward. */
export interface Delivery {
  readonly routes: Routes;
  /** Begins, once the server listens. */
  start(): void;
  /** Ends within the grace of the configuration. The store must still be open. */
  stop(): Promise<void>;
}

/**
 * Puts the queue, the routes, the runner and the notifications to senders together. Nothing runs yet, and nothing will where no message goes
 * anywhere: what is on the queue then waits for a configuration.
 *
 * @throws ConfigError where a URL cannot be used
 */
export async function openDelivery(config: Config, store: Store, log: Logger): Promise<Delivery> {
  const { deliver, delivery } = config;
  const { workers, perDestination, perDomain, retryBase, retryMax, expireAfter, delayAfter } = delivery;
  const routes = await openRoutes(config);
  if (deliver.length === 0 && delivery.routes.length === 0) {
    return { routes, start: () => undefined, stop: () => routes.close() };
  }
  const retry = { base: retryBase, max: retryMax, expireAfter, delayAfter };
  let reports: Reports | null = null;
  const { Signer } = await import('../delivery/dkim/signer.js');
  const signer = new Signer(store.dkimKeys);
  const runner = new Runner({
    queue: store.queue,
    outgoingOf: ({ id, domain, size }) => signer.signedContent(domain.name, size, () => store.content(id)),
    waysOf: ({ name }, tags) => routes.waysOf(name, tags),
    caps: { workers, perDestination, perDomain },
    retry,
    observer: {
      ...observeDelivery(log),
      onSettled: (settlements) => {
        if (settlements.some(({ report }) => report !== null)) reports?.wake();
      },
    },
  });
  return {
    routes,
    start: () => {
      reports = startReports(store, { hostname: config.hostname, retry, observer: observeReports(log) });
      runner.start();
    },
    stop: async () => {
      await runner.stop(delivery.stopGrace);
      await reports?.close();
      await routes.close();
    },
  };
}

async function openRoutes({ deliver, delivery, hostname }: Config): Promise<Routes> {
  try {
    return await Routes.open({ deliver, routes: delivery.routes }, { hostname });
  } catch (error) {
    if (error instanceof RouteError) throw new ConfigError(error.problems);
    throw error;
  }
}
