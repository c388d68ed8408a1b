import { resolve } from 'node:path';
import type { Installation, ServerFacts } from '../../api/schemas/server.js';
import { type Config, configSchema, printConfig, type Resolved } from '../../config/index.js';
import { version } from '../version.js';
import type { LoadedCertificates } from './certificates.js';
import { spaceOf } from './disk.js';
import type { Bound } from './listening.js';

/**
 * Returns a function that describes the server for the API.
 *
 * @param bound gives the open ports; there are none before the server listens
 */
export async function describeServer(
  config: Config,
  tls: LoadedCertificates,
  { delivers, direct }: Pick<ServerFacts, 'delivers' | 'direct'>,
  bound: () => readonly Bound[],
): Promise<() => ServerFacts> {
  const { hostname, smtp } = config;
  const running = await version();
  return () => ({
    version: running,
    hostname,
    listeners: bound().map(({ listener: { protocol, tls: mode }, host, port }) => ({
      protocol,
      address: host,
      port,
      tls: mode,
    })),
    certificate: tls.selfSigned === null ? 'configured' : 'self-signed',
    delivers,
    direct,
    maxMessageSize: smtp.maxSize,
    maxRecipients: smtp.maxRecipients,
  });
}

/** Returns a function that describes what the server runs on, and its configuration. */
export function describeInstallation(loaded: Resolved<Config>): () => Promise<Installation> {
  const { data } = loaded.config;
  const configuration = printConfig(configSchema, loaded);
  return async () => ({
    data: resolve(data),
    disk: await spaceOf(data).catch(() => null),
    configuration,
  });
}
