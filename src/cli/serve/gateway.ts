import type { Logger } from 'pino';
import { ADMIN_PASSWORD_VARIABLE, type Config, type Resolved } from '../../config/index.js';
import type { Metrics } from '../../api/metrics/metrics.js';
import type { RunnerObserver } from '../../delivery/queue/runner.js';
import type { Context } from '../context.js';
import { networkOf, plainAddress } from '../../base/networks.js';
import type { PasswordCredentials, SaslMechanism } from '../../protocol/index.js';
import { type Certificates, createServer, type Server, type ServerOptions } from '../../server/index.js';
import type { Domain, Store } from '../../store/port.js';
import { openStore } from '../open-store.js';
import { Gateway } from '../../submission/gateway.js';
import type { Submissions } from '../../submission/submissions.js';
import { followCertificates, loadCertificates } from './certificates.js';
import { type Delivery, openDelivery } from './delivery.js';
import { extensionsOf } from './extensions.js';
import { everyOne } from './every-one.js';
import { banner, firstMessage } from './first-start.js';
import { observe } from './gateway-log.js';
import { openHttp } from './http.js';
import { type Bound, listenAll, placesOf, readyLine } from './listening.js';
import { createLog } from './log.js';
import { countDelivery, countSessions, countWebhooks, openMetrics } from './metrics.js';
import { startNode } from './node.js';
import { connectionsWithin, openFilesLimit } from './open-files.js';
import { isFurtherProcess, sayReady } from './processes.js';
import { Readiness } from './readiness.js';
import { startRetention } from './retention.js';
import { describeInstallation, describeServer } from './server-facts.js';
import { stopSignal } from './signals.js';

/** How long a stop waits for log lines that are not written yet, in milliseconds. */
const LOG_GRACE_MS = 1_000;

/**
 * Runs the gateway until SIGTERM or SIGINT: creates the store, the submission and the server. Resolves when the last
 * message under way is on stable storage and everything is closed.
 */
export async function runGateway(loaded: Resolved<Config>, context: Context): Promise<void> {
  const { config } = loaded;
  const metrics = await openMetrics(config);
  const log = await createLog(config.log, undefined, () => metrics?.logLineDropped());
  const stop = stopSignal();
  const store = await openStore(config, {
    serves: true,
    onWarning: (warning) => log.logger.warn(warning),
    onFault: ({ message }) => log.logger.fatal(message),
    ...(metrics === null ? {} : { onCommit: (facts) => metrics.committed(facts) }),
  });
  try {
    await serve(loaded, store, log.logger, metrics, stop, context);
  } finally {
    await store.close();
    await log.drained(LOG_GRACE_MS);
  }
}

async function serve(
  loaded: Resolved<Config>,
  store: Store,
  log: Logger,
  metrics: Metrics | null,
  stop: Promise<NodeJS.Signals>,
  { stdout, stderr, environment }: Context,
): Promise<void> {
  const { config } = loaded;
  const tls = await loadCertificates(config);
  let readiness: Readiness | null = null;
  const counting = metrics === null ? null : countDelivery(metrics);
  const delivery = await openDelivery(config, store, log, {
    runner: everyOne<RunnerObserver>(counting, { onOutcome: () => readiness?.attempted() }),
    webhooks: metrics === null ? null : countWebhooks(metrics),
  });
  readiness = new Readiness(store, config.data, !delivery.routes.isEmpty);
  const { server, submissions } = gatewayServer(config, store, tls.certificates, delivery, log, metrics);
  let bound: readonly Bound[] = [];
  const delivers = { delivers: !delivery.routes.isEmpty, direct: delivery.routes.areDirect };
  const describe = await describeServer(config, tls, delivers, () => bound);
  const http = await openHttp(
    config,
    {
      store,
      submissions,
      workers: delivery.contentWorkers,
      server: describe,
      installation: describeInstallation(loaded),
      throttle: {
        failed: async (address) => {
          metrics?.authFailed('api');
          await countElsewhere(config, store, server, address);
          return server.authFailed(address);
        },
      },
    },
    tls.certificates,
    { metrics, readiness, connections: () => server.connections },
    log,
  );
  const unfollow = followCertificates(tls, log);
  const tidying = startRetention(store, config.store, log);
  try {
    bound = await listenAll(server, config);
    const { api: httpPlace, metrics: metricsPlace } = await http.listen();
    if (!isFurtherProcess())
      await stderr.attempt(banner(config, bound, httpPlace, tls, delivery.routes.names));
    if (httpPlace !== null) {
      const { administratorPassword } = await import('./administrator.js');
      const given = environment[ADMIN_PASSWORD_VARIABLE];
      const { isTerminal } = stderr;
      await stderr.attempt(await administratorPassword(store.administrator, given, config.data, isTerminal));
    }
    if (await store.isEmpty())
      await stderr.attempt(await firstMessage(config, store, bound, httpPlace, stderr.isTerminal));
    // Before the delivery: its caps are shares by the number of servers.
    await startNode(config, store.nodes, {
      connections: () => server.connections,
      delivering: delivery.inHand,
    });
    delivery.start();
    await sayReady(stdout, readyLine('postern', placesOf(bound, httpPlace, metricsPlace)));
    const signal = await stop;
    readiness.stop();
    await store.nodes.drain();
    log.info({ signal, connections: server.connections }, 'stopping');
  } finally {
    unfollow();
    const { stopGrace } = config.smtp;
    await Promise.all([server.close(stopGrace), http.close(stopGrace), delivery.stop(), tidying.stop()]);
  }
  log.info('stopped');
}

function gatewayServer(
  config: Config,
  store: Store,
  certificates: Certificates,
  { routes }: Delivery,
  log: Logger,
  metrics: Metrics | null,
): { readonly server: Server<Domain>; readonly submissions: Submissions } {
  const { smtp, submission } = config;
  const observer = observe(log);
  const gateway: Gateway = new Gateway({
    store,
    hostname: config.hostname,
    maxHeaderSize: smtp.maxHeaderSize,
    rates: {
      messagesPerMinute: submission.maxMessagesPerMinute,
      recipientsPerMinute: submission.maxRecipientsPerMinute,
    },
    tagFields: submission.tagHeaders,
    listUnsubscribeField: submission.listUnsubscribeHeader,
    authorDomains: submission.authorDomains,
    status: ({ name }, tags) => (routes.transportsOf(name, tags).length === 0 ? 'held' : 'queued'),
    onAuthFailed: ({ remoteAddress }) => countElsewhere(config, store, server, remoteAddress),
    onAccepted: (session, accepted) => {
      metrics?.accepted('smtp', accepted);
      observer.onAccepted(session, accepted);
    },
  });
  const options: ServerOptions<Domain, SaslMechanism<PasswordCredentials>, object, true> = {
    hostname: config.hostname,
    certificates,
    // Apps that cannot do TLS may go without it (?tls=optional); the settings of a listener say if TLS is required.
    allowInsecureAuth: true,
    // So may those that cannot do AUTH (?auth=optional).
    authOptional: true,
    observers: [observer.handler, ...(metrics === null ? [] : [countSessions(metrics)])],
    ...(metrics === null ? {} : { meter: metrics.meter }),
    bareNewlines: smtp.bareNewlines,
    spaceBeforePath: smtp.spaceBeforePath,
    syntax: smtp.syntax,
    extensions: extensionsOf(config),
    limits: {
      messageSize: smtp.maxSize,
      recipients: smtp.maxRecipients,
      messages: smtp.maxMessagesPerConnection,
      errors: smtp.maxErrors,
    },
    admission: {
      connections: connectionsWithin(smtp.maxConnections, openFilesLimit(), log),
      connectionsPerAddress: smtp.maxConnectionsPerAddress,
      ipv4Bits: smtp.ipv4NetworkBits,
      ipv6Bits: smtp.ipv6NetworkBits,
      authFailures: smtp.auth.maxFailures,
      authFailuresPerAddress: smtp.auth.maxFailuresPerAddress,
      authDelay: smtp.auth.delay,
      longestAuthDelay: smtp.auth.maxDelay,
      authMemory: smtp.auth.failureMemory,
    },
    timeouts: smtp.timeouts,
    dataRate: { octetsPerSecond: smtp.minDataRate, grace: smtp.minDataRateGrace },
  };
  const server: Server<Domain> = createServer(gateway, options);
  return { server, submissions: gateway.submissions };
}

/** Counts failed sign-ins of a client's network at other servers as if they had come to this one. */
async function countElsewhere(
  { smtp }: Config,
  { authFailures }: Store,
  server: Server<Domain>,
  address: string,
): Promise<void> {
  const sizes = { ipv4Bits: smtp.ipv4NetworkBits, ipv6Bits: smtp.ipv6NetworkBits };
  const network = networkOf(plainAddress(address), sizes).slice(0, 100);
  const elsewhere = await authFailures.note(network, smtp.auth.failureMemory);
  for (let n = 0; n < elsewhere; n++) server.authFailed(address);
}
