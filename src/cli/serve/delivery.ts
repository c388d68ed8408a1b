import type { Logger } from 'pino';
import { type Config, ConfigError } from '../../config/index.js';
import { type Reports, startReports } from '../../delivery/reports/reporter.js';
import { withoutLongLines } from '../../delivery/long-lines/outgoing.js';
import { RouteError, Routes } from '../../delivery/queue/routes.js';
import { Runner, type RunnerObserver } from '../../delivery/queue/runner.js';
import { storedContent } from '../../delivery/queue/shipping.js';
import type { TransportEnvironment } from '../../delivery/transports/schemes.js';
import { ContentWorkers } from '../../delivery/workers/workers.js';
import { startWebhooks, type WebhookObserver } from '../../delivery/webhooks/webhooks.js';
import type { Store } from '../../store/port.js';
import { everyOne } from './every-one.js';
import {
  observeCuts,
  observeDelivery,
  observeLongLines,
  observeReports,
  observeWebhooks,
} from './delivery-log.js';

/** Observers that count attempts and calls beside the log. */
interface DeliveryCounts {
  readonly runner: Partial<RunnerObserver> | null;
  readonly webhooks: Partial<WebhookObserver> | null;
}

const NO_COUNTS: DeliveryCounts = { runner: null, webhooks: null };

/** The parts that run beside the server and deliver messages. */
export interface Delivery {
  readonly routes: Routes;
  /** Take messages apart. Closed by {@link stop}. */
  readonly contentWorkers: ContentWorkers;
  /** Messages that this server has a lease on. */
  readonly inHand: () => number;
  /** Starts the delivery; called when the server listens. */
  start(): void;
  /** Stops within the grace time of the configuration. The store must still be open. */
  stop(): Promise<void>;
}

/**
 * Creates the queue's runner, the routes, the notifications to senders and the webhooks. Nothing runs yet. If no route
 * has a transport, nothing is delivered: the messages on the queue wait for a configuration that has one.
 *
 * @throws ConfigError if a URL cannot be used
 */
export async function openDelivery(
  config: Config,
  store: Store,
  log: Logger,
  counts: DeliveryCounts = NO_COUNTS,
): Promise<Delivery> {
  const { delivery } = config;
  const { workers, perDestination, perDomain, retryBase, retryMax, expireAfter, delayAfter } = delivery;
  const contentWorkers = new ContentWorkers();
  /** Returns this server's part of a limit that holds over all servers of the store. It changes with their number. */
  const share = (limit: number): number => Math.ceil(limit / store.nodes.running);
  const routes = await openRoutes(config, { workers: contentWorkers, onCut: observeCuts(log), share });
  const observer = everyOne<WebhookObserver>(observeWebhooks(log), counts.webhooks);
  const webhooks = webhooksOf(config, store, observer, contentWorkers);
  if (routes.isEmpty) {
    return {
      routes,
      contentWorkers,
      inHand: () => 0,
      start: () => {
        webhooks.start();
      },
      stop: async () => {
        await Promise.all([webhooks.stop(), routes.close()]);
        contentWorkers.close();
      },
    };
  }
  const retry = { base: retryBase, max: retryMax, expireAfter, delayAfter };
  let reports: Reports | null = null;
  const { Signer } = await import('../../delivery/dkim/signer.js');
  const signer = new Signer(store.dkimKeys);
  const longLines = observeLongLines(log);
  const runner = new Runner({
    queue: store.queue,
    outgoingOf: (lease) => {
      const { name } = lease.domain;
      const content = withoutLongLines(lease, storedContent(lease, store), contentWorkers, longLines);
      if (content instanceof Promise) return content.then((encoded) => signer.signedContent(name, encoded));
      return signer.signedContent(name, content);
    },
    transportsOf: ({ name }, tags) => routes.transportsOf(name, tags),
    caps: {
      workers,
      get perDestination() {
        return share(perDestination);
      },
      get perDomain() {
        return share(perDomain);
      },
    },
    retry,
    observer: everyOne<RunnerObserver>(observeDelivery(log), counts.runner, {
      onSettled: (settlements) => {
        if (settlements.some(({ report }) => report !== null)) reports?.wake();
      },
    }),
  });
  return {
    routes,
    contentWorkers,
    inHand: () => runner.inHand,
    start: () => {
      reports = startReports(store, { hostname: config.hostname, retry, observer: observeReports(log) });
      runner.start();
      webhooks.start();
    },
    stop: async () => {
      await Promise.all([runner.stop(delivery.stopGrace), webhooks.stop()]);
      await reports?.close();
      await routes.close();
      contentWorkers.close();
    },
  };
}

/** Creates the part that sends the events of webhooks once it is started. */
function webhooksOf(
  { delivery }: Config,
  store: Store,
  observer: WebhookObserver,
  workers: ContentWorkers,
): { start(): void; stop(): Promise<void> } {
  let running: { close(): Promise<void> } | null = null;
  return {
    start: () => {
      running = startWebhooks(store, {
        allowPrivate: delivery.webhookPrivate === 'allow',
        observer,
        workers,
      });
    },
    stop: async () => running?.close(),
  };
}

async function openRoutes(
  { deliver, delivery, hostname }: Config,
  environment: Omit<TransportEnvironment, 'hostname'>,
): Promise<Routes> {
  try {
    return await Routes.open({ deliver, routes: delivery.routes }, { ...environment, hostname });
  } catch (error) {
    if (error instanceof RouteError) throw new ConfigError(error.problems);
    throw error;
  }
}
