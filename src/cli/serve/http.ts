import type { RequestListener, Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import type { ApiOptions, HttpApi } from '../../api/api.js';
import { type Config, type Endpoint, formatEndpoint } from '../../config/index.js';
import type { Certificates } from '../../server/index.js';
import { CliError } from '../error.js';
import { version } from '../version.js';
import type { Readiness } from './readiness.js';

/** The HTTP API of a running server. */
export interface Http {
  /** Opens the port. Resolves to the address and port that it got. */
  listen(): Promise<Endpoint>;
  /** Ends requests under way within the grace time, in milliseconds. */
  close(grace: number): Promise<void>;
}

/** What the HTTP API shares with the rest of the server. */
export type Parts = Pick<ApiOptions, 'store' | 'submissions' | 'workers' | 'server' | 'throttle'>;

/** Creates the HTTP API; null if `http.listen` is off. Nothing listens yet. */
export async function openHttp(
  config: Config,
  parts: Parts,
  certificates: Certificates,
  readiness: Readiness,
  log: Logger,
): Promise<Http | null> {
  const { http } = config;
  if (http.listen === null) return null;
  const endpoint = http.listen;
  const { createApi } = await import('../../api/api.js');
  const api = await createApi({
    ...parts,
    hosts: [config.hostname, endpoint.address, ...http.hosts],
    tls: http.tls,
    ...(http.tls ? { createServer: await tlsServer(certificates) } : {}),
    version: await version(),
    extensions: config.submission.attachmentExtensions,
    tokenGrace: config.submission.tokenGrace,
    webhookPrivate: config.delivery.webhookPrivate === 'allow',
    problems: () => readiness.problems(),
    onAccepted: (domain, client, { id, from, recipients, size, tags }) => {
      if (!log.isLevelEnabled('info')) return;
      log.info(
        {
          client: client.address,
          principal: domain.name,
          way: 'api',
          id: String(id),
          from,
          recipients,
          size,
          tags,
        },
        'accepted',
      );
    },
    onFailure: (error, { method, url }) => {
      log.error({ err: error, method, url }, 'request failed');
    },
  });
  return {
    listen: () => listen(api, endpoint),
    close: (grace) => api.close(grace),
  };
}

async function listen(api: HttpApi, endpoint: Endpoint): Promise<Endpoint> {
  try {
    const { address, port } = await api.listen(endpoint.address, endpoint.port);
    return { address, port };
  } catch (error) {
    throw new CliError(cannotListen(endpoint, error as NodeJS.ErrnoException), { cause: error });
  }
}

function cannotListen(endpoint: Endpoint, error: NodeJS.ErrnoException): string {
  const where = `cannot listen on http ${formatEndpoint(endpoint)}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where}: the port is in use; stop what uses it, or give another one with --http ADDR:PORT, or none with --http off`;
    case 'EACCES':
      return `${where}: not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE, --http gives another one`;
    case 'EADDRNOTAVAIL':
      return `${where}: the address is not one of this machine; --http gives another one`;
    default:
      return `${where}: ${error.message}`;
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
