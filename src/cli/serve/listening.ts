import {
  type Config,
  type Endpoint,
  formatEndpoint,
  formatListener,
  type ListenerConfig,
} from '../../config/index.js';
import type { ListenOptions, Server } from '../../server/index.js';
import type { Domain } from '../../store/port.js';
import { CliError } from '../error.js';

/** A listener with the address and port that it got. */
export interface Bound {
  readonly listener: ListenerConfig;
  readonly host: string;
  readonly port: number;
}

/**
 * Opens the configured ports in their order.
 *
 * @throws CliError that names the port that cannot be opened, and the fix
 */
export async function listenAll(server: Server<Domain>, config: Config): Promise<Bound[]> {
  const bound: Bound[] = [];
  for (const listener of config.listen) {
    try {
      bound.push({ listener, ...(await server.listen(listenOptions(listener, config))) });
    } catch (error) {
      throw new CliError(cannotListen(listener, error as NodeJS.ErrnoException), { cause: error });
    }
  }
  return bound;
}

/** An open port, with the protocol that is spoken there. */
export interface Place extends Endpoint {
  readonly protocol: ListenerConfig['protocol'] | 'http' | 'metrics';
  /** A Unix socket; address and port are then empty. */
  readonly path?: string | null;
}

/** Returns `127.0.0.1:25`, or the path of a Unix socket. */
export function formatPlace(place: Place): string {
  return place.path ?? formatEndpoint(place);
}

export function placesOf(
  bound: readonly Bound[],
  http: Endpoint | null = null,
  metrics: Endpoint | null = null,
): Place[] {
  const places: Place[] = bound.map(({ listener: { protocol }, host, port }) => ({
    protocol,
    address: host,
    port,
  }));
  if (http !== null) places.push({ protocol: 'http', ...http });
  if (metrics !== null) places.push({ protocol: 'metrics', ...metrics });
  return places;
}

/**
 * Returns the line that a program prints when it listens: `postern ready smtp=127.0.0.1:2525,[::1]:2525
 * http=127.0.0.1:8025`, and ` metrics=127.0.0.1:9464` at its end if there is such a listener.
 */
export function readyLine(program: string, places: readonly Place[]): string {
  const lists = (['smtp', 'lmtp', 'http', 'metrics'] as const).flatMap((protocol) => {
    const these = places.filter((place) => place.protocol === protocol).map(formatPlace);
    return these.length === 0 ? [] : [`${protocol}=${these.join(',')}`];
  });
  return [program, 'ready', ...lists].join(' ');
}

function listenOptions(listener: ListenerConfig, config: Config): ListenOptions {
  const { address, port, protocol, tls, auth, proxy, clientCert } = listener;
  const detect: ListenOptions =
    config.smtp.tlsDetect > 0 ? { tls: 'detect', tlsDetectMs: config.smtp.tlsDetect } : { tls: 'starttls' };
  return {
    host: address,
    port,
    lmtp: protocol === 'lmtp',
    ...(tls === 'implicit' || tls === 'off' ? { tls } : detect),
    tlsRequired: tls === 'required' || tls === 'implicit',
    authRequired: auth === 'required',
    proxies: proxy === 'off' ? [] : config.smtp.trustedProxies,
    relays: config.smtp.trustedRelays,
    proxiesOnly: proxy === 'required',
    clientCertificates: clientCert === 'off' ? 'none' : clientCert,
  };
}

function cannotListen(listener: ListenerConfig, error: NodeJS.ErrnoException): string {
  const where = formatListener(listener);
  switch (error.code) {
    case 'EADDRINUSE':
      return `cannot listen on ${where}: the port is in use; stop what uses it, or give another one with --listen`;
    case 'EACCES':
      return `cannot listen on ${where}: not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE, --listen gives another one`;
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${where}: the address is not one of this machine; --listen gives another one`;
    default:
      return `cannot listen on ${where}: ${error.message}`;
  }
}
