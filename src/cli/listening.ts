import { type Config, formatListener, type ListenerConfig } from '../config/index.js';
import type { ListenOptions, Server } from '../server/index.js';
import type { Domain } from '../store/port.js';
import { CliError } from './error.js';

/** A listener and where it came to listen. */
export interface Bound {
  readonly listener: ListenerConfig;
  readonly host: string;
  readonly port: number;
}

/** Opens the configured ports, in their order. @throws CliError naming the one that cannot be had, and the fix. */
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

/** What listens where, for whoever started the program: `smtp=127.0.0.1:2525,[::1]:2525 lmtp=127.0.0.1:24`. */
export function addresses(bound: readonly Bound[]): string[] {
  return (['smtp', 'lmtp'] as const).flatMap((protocol) => {
    const these = bound.filter(({ listener }) => listener.protocol === protocol);
    const list = these.map(({ host, port }) =>
      host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    );
    return list.length === 0 ? [] : [`${protocol}=${list.join(',')}`];
  });
}

function listenOptions(listener: ListenerConfig, config: Config): ListenOptions {
  const { address, port, protocol, tls, auth, proxy, clientCert } = listener;
  const detect = config.smtp.tlsDetect > 0 ? 'detect' : 'starttls';
  return {
    host: address,
    port,
    lmtp: protocol === 'lmtp',
    tls: tls === 'implicit' || tls === 'off' ? tls : detect,
    tlsRequired: tls === 'required' || tls === 'implicit',
    authRequired: auth === 'required',
    tlsDetectMs: config.smtp.tlsDetect,
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
