import type { FastifyInstance } from 'fastify';

/** Nothing in an answer of the API may run, load or be framed. */
export const API_POLICY =
  "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

const HEADERS = {
  'content-security-policy': API_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
} as const;

/** Puts the security fields on every answer, errors included, before anything else can answer. */
export function securityHeaders(app: FastifyInstance, { tls }: { readonly tls: boolean }): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
    if (tls) reply.header('strict-transport-security', 'max-age=31536000');
  });
}

/** Returns the same fields for an answer that is written without Fastify. */
export function rawSecurityHeaders(): Record<string, string> {
  return { ...HEADERS };
}
