import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { plainAddress } from '../../base/networks.js';
import { ApiError } from '../errors.js';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses requests with a Host that is not this server's, and changes that a page of another site makes.
 *
 * A page of another site can reach a server on loopback if its own name resolves to 127.0.0.1 (DNS rebinding). Such a
 * request has the name of that site in Host. An address in Host cannot be rebound, so the address that the request
 * came in on is always right.
 */
export function hostAndOrigin(app: FastifyInstance, hosts: readonly string[]): void {
  const known = new Set(hosts.map((host) => hostOf(host)));
  app.addHook('onRequest', (request, _reply, done) => {
    const host = hostOf(request.headers.host ?? '');
    if (!known.has(host) && !isLoopback(host) && !isLocalEnd(request, host)) throw new ApiError('wrong_host');
    const { origin } = request.headers;
    const isForeign =
      origin !== undefined && originHost(origin) !== (request.headers.host ?? '').toLowerCase();
    if (isForeign && !isSafe(request)) throw new ApiError('wrong_origin');
    done();
  });
}

/** Whether a request changes nothing (RFC 9110 9.2.1). */
export function isSafe({ method }: FastifyRequest): boolean {
  return SAFE_METHODS.has(method);
}

/** Whether a browser says that the request comes from a page of this server. {@link hostAndOrigin} has compared Origin. */
export function isFromOwnPage({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin';
}

/** The host of a Host field, in lower case, without its port; an IPv6 address without its brackets. */
function hostOf(field: string): string {
  const [, literal, name = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(field) ?? [];
  return (literal ?? name).toLowerCase().replace(/\.$/, '');
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function isLocalEnd({ socket }: FastifyRequest, host: string): boolean {
  return isIP(host) !== 0 && plainAddress(socket.localAddress) === plainAddress(host);
}

/** The host and port of an origin; the scheme does not count, since a proxy in front may speak TLS. */
function originHost(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : null;
}
