import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';

/** The bundled pages, made by build/dashboard.mjs. */
const ROOT = fileURLToPath(new URL('../../dashboard/', import.meta.url));

/**
 * What the pages may do: run the scripts of this server and ask its API. Nothing is inline, nothing comes from another
 * host, no page may frame them, and no text can become HTML (Trusted Types).
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Paths of the pages. The same document answers each: its script shows what the path names. */
const PAGES = [
  '/',
  '/messages',
  '/messages/:id',
  '/overview',
  '/tags',
  '/domains',
  '/domains/:name',
  '/domains/:name/:section',
  '/queue',
  '/nodes',
  '/settings',
];

/** A year, in milliseconds: names of files in assets/ change with what they hold. */
const FOREVER = 365 * 24 * 3_600_000;

/**
 * Serves the dashboard. Its files may be read by anyone; they hold no data. A path that no
 * route has gets the same document with 404 if a browser asks for it, so that its script can say so in words.
 */
export async function dashboardRoutes(app: FastifyInstance): Promise<void> {
  const built = existsSync(`${ROOT}index.html`);
  if (built) await app.register(fastifyStatic, { root: ROOT, serve: false, preCompressed: true });
  const options = { config: { access: 'page' }, schema: { hide: true } } as const;

  for (const path of PAGES) {
    app.get(path, options, (_request, reply) => {
      if (!built) throw new ApiError('not_found', { text: 'The pages are not built: run npm run build' });
      return pageHeaders(reply).sendFile('index.html', { cacheControl: false });
    });
  }

  app.get<{ Params: { '*': string } }>('/assets/*', options, (request, reply) => {
    if (!built) throw new ApiError('not_found');
    reply.removeHeader('cache-control').header('vary', 'accept-encoding');
    return reply.sendFile(`assets/${request.params['*']}`, { maxAge: FOREVER, immutable: true });
  });

  app.get('/*', options, (request, reply) => {
    if (!built || !isForPage(request)) throw new ApiError('not_found');
    // An answer of 304 to a path that is not there would be wrong.
    const options = { cacheControl: false, etag: false, lastModified: false };
    return pageHeaders(reply)
      .header('vary', 'accept, accept-encoding')
      .code(404)
      .sendFile('index.html', options);
  });
}

/** Whether a person opened this address in a browser. Under /api, errors are always JSON. */
function isForPage({ url, headers: { accept = '' } }: FastifyRequest): boolean {
  return !/^\/api(?:[/?]|$)/.test(url) && /\btext\/html\b/i.test(accept);
}

function pageHeaders(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-cache',
    vary: 'accept-encoding',
  });
}
