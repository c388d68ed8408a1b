/** The listener for monitoring alone: `/metrics`, `/healthz` and `/readyz`. */
import type { AddressInfo } from 'node:net';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { openApp } from './app.js';
import { type ApiLimits, DEFAULT_API } from './limits.js';
import type { Scrape } from './metrics/scrape.js';
import { KeyedRate } from './rate.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoutes } from './routes/metrics.js';

interface MonitorOptions {
  readonly scrape: Scrape;
  readonly hosts: readonly string[];
  /** Why the server is not ready, in words; empty if it is. */
  readonly problems: () => Promise<readonly string[]>;
  readonly onFailure?: (error: unknown, request: { readonly method: string; readonly url: string }) => void;
  readonly limits?: Partial<ApiLimits>;
}

export interface Monitor {
  /** Rejects with Node's own error if the port cannot be had. */
  listen(address: string, port: number): Promise<AddressInfo>;
  close(): Promise<void>;
}

/**
 * Puts the listener together. It asks for no credentials: who can reach it may read the metrics, which name no address,
 * domain or token.
 */
export async function createMonitor(options: MonitorOptions): Promise<Monitor> {
  const limits = { ...DEFAULT_API, ...options.limits };
  const { app } = openApp({
    limits,
    hosts: options.hosts,
    tls: false,
    onFailure: (error, { method, routeOptions }) =>
      options.onFailure?.(error, { method, url: routeOptions.url ?? '' }),
  });
  const rate = new KeyedRate(limits.requests);
  app.addHook('onRequest', async ({ ip }) => rate.take(ip));
  const typed = app.withTypeProvider<ZodTypeProvider>();
  metricsRoutes(typed, options.scrape, 'open');
  healthRoutes(typed, options.problems);
  await app.ready();
  return {
    listen: async (host, port) => {
      await app.listen({ host, port });
      return app.server.address() as AddressInfo;
    },
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}
