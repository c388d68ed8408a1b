import type { Logger } from 'pino';
import { type Config, ConfigError } from '../config/index.js';
import { RouteError, Routes } from '../delivery/routes.js';
import { Runner } from '../delivery/runner.js';
import type { Store } from '../store/port.js';
import { observeDelivery } from './delivery-log.js';

/** All that runs beside the server and carries messages onward. */
export interface Delivery {
  readonly routes: Routes;
  /** Begins, once the server listens. */
  start(): void;
  /** Ends within the grace of the configuration. The store must still be open. */
  stop(): Promise<void>;
}

/**
 * Puts the queue, the routes and the runner together. Nothing runs yet, and nothing will where no message goes
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
  const runner = new Runner({
    queue: store.queue,
    contentOf: ({ id }) => store.content(id),
    waysOf: ({ name }, tags) => routes.waysOf(name, tags),
    caps: { workers, perDestination, perDomain },
    retry: { base: retryBase, max: retryMax, expireAfter, delayAfter },
    observer: observeDelivery(log),
  });
  return {
    routes,
    start: () => {
      runner.start();
    },
    stop: async () => {
      await runner.stop(delivery.stopGrace);
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
