import type { FastifyInstance } from 'fastify';

/** Nothing in an answer of the API may run, load or be framed. */
const API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/**
 * What the HTML of a message may do: be seen, by a page of this server. It has no origin, runs nothing and sends
 * nothing. Links may open a window.
 *
 * @param remoteImages whether it may load images of other servers, which then learn that it was read
 */
export function htmlPolicy(remoteImages: boolean): string {
  return [
    "default-src 'none'",
    `img-src data:${remoteImages ? ' http: https:' : ''}`,
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ].join('; ');
}

const HEADERS = {
  'content-security-policy': API_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
} as const;
const OVER_TLS = { ...HEADERS, 'strict-transport-security': 'max-age=31536000' } as const;

/** Puts the security fields on every answer, errors included, before anything else can answer. */
export function securityHeaders(app: FastifyInstance, { tls }: { readonly tls: boolean }): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(rawSecurityHeaders({ tls }));
    done();
  });
}

/** Returns the same fields for an answer that no hook has to do with. */
export function rawSecurityHeaders({ tls }: { readonly tls: boolean }): Readonly<Record<string, string>> {
  return tls ? OVER_TLS : HEADERS;
}
