import type { RequestListener, Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import type { ApiOptions, HttpApi } from '../../api/api.js';
import type { Metrics } from '../../api/metrics/metrics.js';
import type { Scrape } from '../../api/metrics/scrape.js';
import type { StateSources } from '../../api/metrics/state.js';
import type { Monitor } from '../../api/monitor.js';
import { type Config, type Endpoint, formatEndpoint } from '../../config/index.js';
import type { Certificates } from '../../server/index.js';
import { CliError } from '../error.js';
import { version } from '../version.js';
import { freeOctets } from './disk.js';
import type { Readiness } from './readiness.js';

/** The HTTP part of a running server. */
interface Http {
  /** Opens the ports. Resolves to the addresses and ports that they got; null for what is off. */
  listen(): Promise<HttpPlaces>;
  /** Ends requests under way within the grace time, in milliseconds. */
  close(grace: number): Promise<void>;
}

interface HttpPlaces {
  readonly api: Endpoint | null;
  readonly metrics: Endpoint | null;
}

/** The objects that the HTTP API shares with the rest of the server. */
type Parts = Pick<ApiOptions, 'store' | 'submissions' | 'workers' | 'server' | 'installation' | 'throttle'>;

/** The objects from which metrics and readiness are read. */
interface Observed {
  readonly metrics: Metrics | null;
  readonly readiness: Readiness;
  /** Open connections of SMTP. */
  readonly connections: () => number;
}

/** Creates the HTTP API and the listener for metrics, as far as they are on. Nothing listens yet. */
export async function openHttp(
  config: Config,
  parts: Parts,
  certificates: Certificates,
  observed: Observed,
  log: Logger,
): Promise<Http> {
  const { http } = config;
  const { readiness, connections } = observed;
  const problems = (): Promise<readonly string[]> => readiness.problems();
  const metrics = observed.metrics === null ? null : await scrapeOf(observed.metrics);
  const api =
    http.listen === null ? null : await openApi(config, parts, certificates, problems, metrics, log);
  const monitor =
    http.metrics === null || metrics === null ? null : await openMonitor(config, problems, metrics, log);
  await metrics?.read({
    store: parts.store,
    connections: async () => ({ smtp: connections(), http: await openConnections(api) }),
    streams: () => api?.streams ?? 0,
    diskFree: () => freeOctets(config.data),
    isReady: async () => (await problems()).length === 0,
    now: Date.now,
  });
  return {
    listen: async () => ({
      api: await listenOn(api, http.listen, 'http', '--http'),
      metrics: await listenOn(monitor, http.metrics, 'http.metrics', '--http-metrics'),
    }),
    close: async (grace) => {
      await api?.close(grace);
      // Until the end, /readyz says that the server stops.
      await monitor?.close();
    },
  };
}

/** The metrics, and a way to register what is read at each scrape once it is known. */
interface Scraped {
  readonly metrics: Metrics;
  readonly scrape: Scrape;
  read(sources: StateSources): Promise<void>;
}

async function scrapeOf(metrics: Metrics): Promise<Scraped> {
  const { Scrape } = await import('../../api/metrics/scrape.js');
  return {
    metrics,
    scrape: new Scrape(metrics),
    read: async (sources) => {
      const { gaugesOf } = await import('../../api/metrics/state.js');
      gaugesOf(metrics.registry, sources);
    },
  };
}

async function openApi(
  config: Config,
  parts: Parts,
  certificates: Certificates,
  problems: ApiOptions['problems'],
  scraped: Scraped | null,
  log: Logger,
): Promise<HttpApi> {
  const { createApi } = await import('../../api/api.js');
  const { http, submission } = config;
  return createApi({
    ...parts,
    hosts: hostsOf(config, http.listen),
    tls: http.tls,
    ...(http.tls ? { createServer: await tlsServer(certificates) } : {}),
    version: await version(),
    extensions: submission.attachmentExtensions,
    tokenGrace: submission.tokenGrace,
    webhookPrivate: config.delivery.webhookPrivate === 'allow',
    problems,
    ...(scraped === null ? {} : { metrics: scraped }),
    onAccepted: (domain, client, accepted) => {
      scraped?.metrics.accepted('api', accepted);
      if (!log.isLevelEnabled('info')) return;
      const { id, from, recipients, size, tags } = accepted;
      const line = { client: client.address, principal: domain.name, way: 'api', id: String(id) };
      log.info({ ...line, from, recipients, size, tags }, 'accepted');
    },
    onFailure: failureLog(log),
  });
}

async function openMonitor(
  config: Config,
  problems: ApiOptions['problems'],
  { scrape }: Scraped,
  log: Logger,
): Promise<Monitor> {
  const { createMonitor } = await import('../../api/monitor.js');
  return createMonitor({
    scrape,
    hosts: hostsOf(config, config.http.metrics),
    problems,
    onFailure: failureLog(log),
  });
}

function hostsOf({ hostname, http }: Config, endpoint: Endpoint | null): string[] {
  return [hostname, ...(endpoint === null ? [] : [endpoint.address]), ...http.hosts];
}

function failureLog(log: Logger): NonNullable<ApiOptions['onFailure']> {
  return (error, { method, url }) => {
    log.error({ err: error, method, url }, 'request failed');
  };
}

function openConnections(api: HttpApi | null): Promise<number> {
  if (api === null) return Promise.resolve(0);
  return new Promise((resolve) => {
    api.app.server.getConnections((error, count) => resolve(error === null ? count : 0));
  });
}

/**
 * @param name of the configuration key's value, for an error
 * @param flag that changes the address
 */
async function listenOn(
  server: Pick<HttpApi, 'listen'> | null,
  endpoint: Endpoint | null,
  name: string,
  flag: string,
): Promise<Endpoint | null> {
  if (server === null || endpoint === null) return null;
  try {
    const { address, port } = await server.listen(endpoint.address, endpoint.port);
    return { address, port };
  } catch (error) {
    const where = `cannot listen on ${name} ${formatEndpoint(endpoint)}`;
    throw new CliError(`${where}: ${cannotListen(error as NodeJS.ErrnoException, flag)}`, { cause: error });
  }
}

function cannotListen(error: NodeJS.ErrnoException, flag: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `the port is in use; stop what uses it, or give another one with ${flag} ADDR:PORT, or none with ${flag} off`;
    case 'EACCES':
      return `not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE, ${flag} gives another one`;
    case 'EADDRNOTAVAIL':
      return `the address is not one of this machine; ${flag} gives another one`;
    default:
      return error.message;
  }
}

/** Returns how to make an HTTP server over TLS. It uses the certificates of SMTP, also after they were replaced. */
async function tlsServer(certificates: Certificates): Promise<(handler: RequestListener) => HttpServer> {
  const { createServer } = await import('node:https');
  return (handler) => {
    const server = createServer(certificates.serverOptions(), handler);
    certificates.follow(server);
    return server;
  };
}
