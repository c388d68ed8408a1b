import type { RequestListener, Server as HttpServer } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ApiError } from './errors.js';
import { fieldErrors } from './field-errors.js';
import type { ApiLimits } from './limits.js';
import { answerErrors, ownShape, sendError } from './plugins/errors.js';
import { hostAndOrigin } from './plugins/origin.js';
import { rawSecurityHeaders, securityHeaders } from './plugins/security-headers.js';

/** The query of a route that takes none, and the fields of a body that has no meaning. */
const NOTHING = z.strictObject({});

/** One route, as the table of routes has it. */
export interface RouteRow {
  readonly method: string;
  readonly url: string;
  readonly access: string;
}

interface AppOptions {
  /** Makes the server that requests come in by. Default: one of HTTP without TLS. */
  readonly createServer?: (handler: RequestListener) => HttpServer;
  readonly limits: ApiLimits;
  /** Names that the server may be called by, beside localhost and the addresses that it listens on. */
  readonly hosts: readonly string[];
  /** Whether clients reach it over TLS. */
  readonly tls: boolean;
  readonly onFailure: (error: unknown, request: FastifyRequest) => void;
}

/** Opens a server with everything that holds for all its routes: limits, errors, security fields, Host and Origin. */
export function openApp({ limits, hosts, tls, onFailure, ...options }: AppOptions): {
  readonly app: FastifyInstance;
  /** Filled as routes are registered. */
  readonly routes: readonly RouteRow[];
} {
  const app = Fastify({
    serverFactory: (handler) => boundedServer((options.createServer ?? createServer)(handler), limits),
    bodyLimit: limits.body,
    clientErrorHandler: (error, socket) => malformedRequest(error, socket, tls),
    // Such as a path that cannot be decoded: there is no route, and so no hook.
    frameworkErrors: (error, _request, reply) => {
      void sendError(
        reply.headers(rawSecurityHeaders({ tls })),
        new ApiError('bad_request', { cause: error }),
        ownShape,
      );
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // HEAD has the hooks of GET, and so its authorization.
    exposeHeadRoutes: true,
  });
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: new ApiError('invalid', { fields: fieldErrors(result.error.issues) }) };
  });
  app.setSerializerCompiler(serializerCompiler);
  const routes: RouteRow[] = [];
  app.addHook('onRoute', (route) => {
    const { method, url, config, schema } = route;
    // HEAD is GET without its body, and no route of its own.
    if (method !== 'HEAD') routes.push({ method: String(method), url, access: String(config?.access) });
    // The scripts of the pages read their queries themselves.
    if (config?.access !== 'page') route.schema = { querystring: NOTHING, ...schema };
  });
  app.addHook('preValidation', ({ body, routeOptions: { schema, config } }, _reply, done) => {
    if (schema?.body === undefined && config.raw !== true) expectNothing(body);
    done();
  });
  app.decorateRequest('refusal', null);
  securityHeaders(app, { tls });
  hostAndOrigin(app, hosts);
  answerErrors(app, ownShape, onFailure);
  app.setNotFoundHandler(async (_request, reply) => sendError(reply, new ApiError('not_found'), ownShape));
  return { app, routes };
}

/** Throws if a route that takes no body got one with fields: the client expects them to do something. */
function expectNothing(body: unknown): void {
  const result = NOTHING.nullish().safeParse(body);
  if (!result.success) throw new ApiError('invalid', { fields: fieldErrors(result.error.issues) });
}

function boundedServer(server: HttpServer, limits: ApiLimits): HttpServer {
  server.maxConnections = limits.connections;
  server.headersTimeout = limits.headerTime;
  server.requestTimeout = limits.requestTime;
  server.keepAliveTimeout = limits.idleTime;
  return server;
}

/** What is no HTTP request cannot be given to a route, so it is answered here, in the same shape. */
function malformedRequest(error: NodeJS.ErrnoException, socket: Socket, tls: boolean): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const [line, code] = MALFORMED[error.code ?? ''] ?? (['400 Bad Request', 'bad_request'] as const);
  const body = JSON.stringify(ownShape(new ApiError(code)));
  const fields = {
    ...rawSecurityHeaders({ tls }),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${line}\r\n${head.join('')}\r\n${body}`);
}

const MALFORMED: Readonly<Record<string, readonly [line: string, code: 'header_too_large' | 'timeout']>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'header_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout'],
};
