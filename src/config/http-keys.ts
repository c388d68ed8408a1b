import { isIP } from 'node:net';
import { z } from 'zod';
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.js';
import { key, table } from './key.js';
import { structured, yesOrNo } from './kinds.js';

/** Matches a name or address that a Host field may have, without its port. */
const HOST = /^(?=.{1,253}$)([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/;

const DEFAULT_LISTEN = '127.0.0.1:8025';

const endpointOrOff = structured<Endpoint | null>(
  (text) => (text === 'off' ? null : parseEndpoint(text)),
  (endpoint) => (endpoint === null ? 'off' : formatEndpoint(endpoint)),
);

/** `[http]`: the HTTP API and the pages that use it. */
export const httpKeys = table(
  {
    listen: key(endpointOrOff.prefault(DEFAULT_LISTEN), {
      about: 'Where the HTTP API is served; off serves none.',
      source: 'no privilege needed, and no other machine can reach it',
      initial: DEFAULT_LISTEN,
      placeholder: 'ADDR:PORT|off',
      allowed: 'ADDR:PORT or off',
      flag: '--http',
    }),
    metrics: key(endpointOrOff.prefault('off'), {
      about:
        'Where /metrics, /healthz and /readyz are served by themselves, without TLS and without credentials. They name no address, domain or token.',
      source: 'http.listen serves them, too, /metrics to this machine and the administrator alone',
      initial: 'off',
      placeholder: 'ADDR:PORT|off',
      allowed: 'ADDR:PORT or off',
    }),
    tls: yesOrNo({
      about: 'Whether the HTTP API is served over TLS, with the certificates of SMTP.',
      initial: false,
    }),
    insecure: yesOrNo({
      about:
        'Whether the HTTP API may be served without TLS on an address that other machines can reach. Set it only if a proxy in front of Postern speaks TLS.',
      source: 'tokens and passwords would cross the network in the clear',
      initial: false,
    }),
    hosts: key(z.array(z.string().regex(HOST)).prefault([]), {
      about:
        'Names that the API may be called by, beside hostname, the address that it listens on and localhost. A request with another Host is refused.',
      source: 'a page of another site could reach the API by a name of its own (DNS rebinding)',
      initial: [],
      placeholder: 'NAME,...',
      allowed: 'a list of host names or addresses, without a port',
      form: 'list',
    }),
  },
  ({ listen, tls, insecure }) => {
    if (listen === null || tls || insecure || isLoopback(listen.address)) return undefined;
    return {
      path: ['listen'],
      message:
        'without TLS, tokens and passwords would cross the network in the clear; set http.tls = true, or http.insecure = true if a proxy in front speaks TLS',
    };
  },
);

function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || address.toLowerCase() === 'localhost';
}
