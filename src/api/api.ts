import type { RequestListener, Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { type Lookups, openLookups } from '../delivery/verify/lookup.js';
import type { ContentWorkers } from '../delivery/workers/workers.js';
import type { Domain, Store } from '../store/port.js';
import type { Accepted } from '../submission/acceptance.js';
import type { Submissions } from '../submission/submissions.js';
import { openApp, type RouteRow } from './app.js';
import { BodyBudget, readBodies } from './body.js';
import { Composer } from './compose/composer.js';
import type { Api, ApiContext } from './context.js';
import { EventHub } from './events/hub.js';
import { Idempotent } from './idempotent.js';
import { type ApiLimits, DEFAULT_API } from './limits.js';
import type { Metrics } from './metrics/metrics.js';
import type { Scrape } from './metrics/scrape.js';
import { documentRoutes, documentTransform, SECURITY_SCHEMES } from './plugins/documentation.js';
import { measureRequests } from './plugins/measure.js';
import { authorization, type Throttle } from './plugins/authorization.js';
import { KeyedRate } from './rate.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { domainBlockListRoutes } from './routes/domain-block-list.js';
import { domainDkimRoutes } from './routes/domain-dkim.js';
import { domainRoutes } from './routes/domains.js';
import { domainWebhookRoutes } from './routes/domain-webhook.js';
import { eventRoutes } from './routes/events.js';
import { healthRoutes } from './routes/health.js';
import { messageRoutes } from './routes/message.js';
import { messagesRoutes } from './routes/messages.js';
import { operationRoutes } from './routes/operations.js';
import { passwordRoute } from './routes/password.js';
import { metricsRoutes } from './routes/metrics.js';
import { openApiRoute } from './routes/openapi.js';
import { postmarkRoutes } from './routes/postmark.js';
import { resendingRoutes } from './routes/resending.js';
import { queueRoutes } from './routes/queue.js';
import { resendRoutes } from './routes/resend.js';
import { sendRoutes } from './routes/send.js';
import { serverRoutes } from './routes/server.js';
import { sessionRoutes } from './routes/sessions.js';
import { statisticsRoutes } from './routes/statistics.js';
import type { Installation, ServerFacts } from './schemas/server.js';
import { tagStatisticsRoutes } from './routes/tag-statistics.js';
import { Sending } from './sending.js';
import { SessionCookie } from './sign-in/cookie.js';
import { PasswordCheck } from './sign-in/password.js';
import { SignedIn } from './sign-in/sessions.js';

export interface ApiOptions {
  readonly store: Store;
  readonly submissions: Submissions;
  readonly throttle: Throttle;
  /** Take messages apart; shared with delivery. The caller closes them, after the API. */
  readonly workers: ContentWorkers;
  /** Names that the server may be called by, beside localhost and the addresses that it listens on. */
  readonly hosts: readonly string[];
  /** Whether clients reach it over TLS: cookies are then marked Secure. */
  readonly tls: boolean;
  /** Makes the server that requests come in by. Default: one of HTTP without TLS. */
  readonly createServer?: (handler: RequestListener) => HttpServer;
  /** Version of the program, for the OpenAPI document. */
  readonly version: string;
  /** File name extensions that attachments may have, in lower case; empty: all. */
  readonly extensions: readonly string[];
  /** How long the old token of a domain works after it was given a new one, in milliseconds. Default: a day. */
  readonly tokenGrace?: number;
  /** Whether webhooks may have any address, and `http:`. Default: false. */
  readonly webhookPrivate?: boolean;
  /** Makes the lookups for a check of a domain's records. Default: those of the system. */
  readonly lookups?: () => Lookups;
  readonly limits?: Partial<ApiLimits>;
  /** Counts what happens, and is served at `/metrics`. Default: nothing is counted. */
  readonly metrics?: { readonly metrics: Metrics; readonly scrape: Scrape };
  /** Describes the running server. */
  readonly server: () => ServerFacts;
  /** Describes what it runs on, and its configuration. For the administrator alone. */
  readonly installation: () => Promise<Installation>;
  /** Why the server is not ready, in words; empty if it is. */
  readonly problems: () => Promise<readonly string[]>;
  readonly onAccepted?: (domain: Domain, client: { readonly address: string }, accepted: Accepted) => void;
  readonly onFailure?: (error: unknown, request: { readonly method: string; readonly url: string }) => void;
  readonly now?: () => number;
}

/** The HTTP API, ready to listen. */
export interface HttpApi {
  readonly app: FastifyInstance;
  /** Every route, as the table of routes has it. */
  readonly routes: readonly RouteRow[];
  /** Open event streams. */
  readonly streams: number;
  /** Rejects with Node's own error if the port cannot be had. */
  listen(address: string, port: number): Promise<AddressInfo>;
  /** Takes no more requests, and ends what is under way within the grace, in milliseconds. */
  close(grace: number): Promise<void>;
}

/** How long an old token works unless the options say it: a day, in milliseconds. */
const DEFAULT_GRACE = 24 * 3_600_000;

/** Puts the API together. Nothing listens yet. */
export async function createApi(options: ApiOptions): Promise<HttpApi> {
  const limits = { ...DEFAULT_API, ...options.limits };
  const now = options.now ?? Date.now;
  const composer = new Composer(limits);
  const budget = new BodyBudget(limits.bodiesInFlight);
  const stopping = new AbortController();
  const metrics = options.metrics?.metrics ?? null;
  const context: ApiContext = {
    limits,
    budget,
    composer,
    sending: new Sending(options.submissions, options.onAccepted),
    idempotent: new Idempotent(options.store.idempotency, limits, now),
    store: options.store,
    directory: options.submissions.directory,
    credentialsChanged: () => void hub.check(),
    workers: options.workers,
    extensions: options.extensions,
    now,
    stopping: stopping.signal,
    metrics,
    onFailure: (error, { method, routeOptions }) =>
      options.onFailure?.(error, { method, url: routeOptions.url ?? '' }),
  };
  const hub = new EventHub({
    mail: options.store.mail,
    limits,
    nameOf: async (id) => (await context.directory.byId(id))?.name ?? null,
    onDropped: () => metrics?.streamDropped(),
  });
  const { app, routes } = await buildApp(options, context, hub);
  return {
    app,
    routes,
    get streams() {
      return hub.size;
    },
    listen: async (host, port) => {
      await app.listen({ host, port });
      return app.server.address() as AddressInfo;
    },
    close: async (grace) => {
      stopping.abort();
      hub.close();
      const timer = setTimeout(() => app.server.closeAllConnections(), grace);
      await app.close();
      clearTimeout(timer);
      await composer.close();
    },
  };
}

async function buildApp(
  options: ApiOptions,
  context: ApiContext,
  hub: EventHub,
): Promise<{ app: FastifyInstance; routes: readonly RouteRow[] }> {
  const { limits } = context;
  const { app, routes } = openApp({ ...options, limits, onFailure: context.onFailure });
  documentRoutes(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Postern', version: options.version },
      servers: [{ url: '/' }],
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    transform: documentTransform(),
  });
  const { directory } = options.submissions;
  const { sessions, administrator } = context.store;
  const signedIn = new SignedIn(sessions, directory, limits.session, context.now);
  const cookie = new SessionCookie(options.tls);
  authorization(app, {
    directory,
    sessions: signedIn,
    cookie,
    throttle: options.throttle,
    rate: new KeyedRate(limits.requests),
  });
  readBodies(app, context.budget);
  if (context.metrics !== null) measureRequests(app, context.metrics);
  const group = (routesOf: (app: Api, context: ApiContext) => void): void => {
    void app.register(async (scope) => routesOf(scope.withTypeProvider<ZodTypeProvider>(), context));
  };
  group(sendRoutes);
  group(resendRoutes);
  group(postmarkRoutes);
  group(messagesRoutes);
  group(messageRoutes);
  group(statisticsRoutes);
  group(tagStatisticsRoutes);
  group((scope) => queueRoutes(scope, context, options));
  group((scope) => eventRoutes(scope, context, hub));
  group(operationRoutes);
  group((scope) => resendingRoutes(scope, context, options.submissions));
  const { policy } = options.submissions;
  const { tokenGrace = DEFAULT_GRACE, webhookPrivate: allowPrivate = false } = options;
  const lookups = options.lookups ?? (() => openLookups(null));
  group((scope) => domainRoutes(scope, context, { tokenGrace }));
  group((scope) => domainDkimRoutes(scope, context, { hostname: policy.hostname, lookups }));
  group((scope) => domainBlockListRoutes(scope, context, options.submissions));
  group((scope) => domainWebhookRoutes(scope, context, { allowPrivate }));
  group((scope) => {
    const { throttle } = options;
    const passwords = new PasswordCheck(limits.passwordChecks);
    sessionRoutes(scope, context, { signedIn, administrator, passwords, directory, cookie, throttle });
    passwordRoute(scope, context, { signedIn, administrator, passwords, cookie, throttle });
  });
  group((scope) => serverRoutes(scope, context, options));
  group((scope) => healthRoutes(scope, options.problems));
  const { scrape } = options.metrics ?? {};
  if (scrape !== undefined) group((scope) => metricsRoutes(scope, scrape, 'local'));
  group(openApiRoute);
  void app.register(dashboardRoutes);
  await app.ready();
  return { app, routes };
}
