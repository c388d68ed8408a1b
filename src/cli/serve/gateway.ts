import type { Logger } from 'pino';
import { ADMIN_PASSWORD_VARIABLE, type Config } from '../../config/index.js';
import type { Context } from '../context.js';
import type { PasswordCredentials, SaslMechanism } from '../../protocol/index.js';
import { type Certificates, createServer, type Server, type ServerOptions } from '../../server/index.js';
import type { Domain, Store } from '../../store/port.js';
import { Gateway } from '../../submission/gateway.js';
import type { Submissions } from '../../submission/submissions.js';
import { followCertificates, loadCertificates } from './certificates.js';
import { type Delivery, openDelivery } from './delivery.js';
import { extensionsOf } from './extensions.js';
import { banner, firstMessage } from './first-start.js';
import { observe } from './gateway-log.js';
import { openHttp } from './http.js';
import { type Bound, listenAll, placesOf, readyLine } from './listening.js';
import { createLog } from './log.js';
import { connectionsWithin, openFilesLimit } from './open-files.js';
import { Readiness } from './readiness.js';
import { keepTidy } from './retention.js';
import { describeServer } from './server-facts.js';
import { stopSignal } from './signals.js';

/** How long a stop waits for log lines that are not written yet, in milliseconds. */
const LOG_GRACE_MS = 1_000;

/**
 * Runs the gateway until SIGTERM or SIGINT: creates the store, the submission and the server. Resolves when the last
 * message under way is on stable storage and everything is closed.
 */
export async function runGateway(config: Config, context: Context): Promise<void> {
  const { openSqliteStore } = await import('../../store/sqlite/index.js');
  const log = await createLog(config.log);
  const stop = stopSignal();
  const store = await openSqliteStore({
    directory: config.data,
    exclusive: true,
    inFlightOctets: config.store.inFlight,
    onFault: ({ message }) => log.logger.fatal(message),
  });
  try {
    await serve(config, store, log.logger, stop, context);
  } finally {
    await store.close();
    await log.drained(LOG_GRACE_MS);
  }
}

async function serve(
  config: Config,
  store: Store,
  log: Logger,
  stop: Promise<NodeJS.Signals>,
  { stdout, stderr, environment }: Context,
): Promise<void> {
  const tls = await loadCertificates(config);
  const delivery = await openDelivery(config, store, log);
  const { server, submissions } = gatewayServer(config, store, tls.certificates, delivery, log);
  const readiness = new Readiness(store, config.data, !delivery.routes.isEmpty);
  let bound: readonly Bound[] = [];
  const describe = await describeServer(config, tls, !delivery.routes.isEmpty, () => bound);
  const http = await openHttp(
    config,
    {
      store,
      submissions,
      workers: delivery.contentWorkers,
      server: describe,
      throttle: { failed: (address) => server.authFailed(address) },
    },
    tls.certificates,
    readiness,
    log,
  );
  const unfollow = followCertificates(tls, log);
  const tidying = keepTidy(store, config.store, log);
  try {
    bound = await listenAll(server, config);
    const httpPlace = http === null ? null : await http.listen();
    await stderr.attempt(banner(config, bound, httpPlace, tls, delivery.routes.names));
    if (http !== null) {
      const { administratorPassword } = await import('./administrator.js');
      const given = environment[ADMIN_PASSWORD_VARIABLE];
      const { isTerminal } = stderr;
      await stderr.attempt(await administratorPassword(store.administrator, given, config.data, isTerminal));
    }
    if (await store.isEmpty())
      await stderr.attempt(await firstMessage(config, store, bound, httpPlace, stderr.isTerminal));
    delivery.start();
    await stdout.line(readyLine('postern', placesOf(bound, httpPlace)));
    const signal = await stop;
    readiness.stop();
    log.info({ signal, connections: server.connections }, 'stopping');
  } finally {
    unfollow();
    const { stopGrace } = config.smtp;
    await Promise.all([server.close(stopGrace), http?.close(stopGrace), delivery.stop(), tidying.stop()]);
  }
  log.info('stopped');
}

function gatewayServer(
  config: Config,
  store: Store,
  certificates: Certificates,
  { routes }: Delivery,
  log: Logger,
): { readonly server: Server<Domain>; readonly submissions: Submissions } {
  const { smtp, submission } = config;
  const observer = observe(log);
  const gateway = new Gateway({
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
    onAccepted: observer.onAccepted,
  });
  const options: ServerOptions<Domain, SaslMechanism<PasswordCredentials>, object, true> = {
    hostname: config.hostname,
    certificates,
    // Apps that cannot do TLS may go without it (?tls=optional); the settings of a listener say if TLS is required.
    allowInsecureAuth: true,
    // So may those that cannot do AUTH (?auth=optional).
    authOptional: true,
    observers: [observer.handler],
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
  return { server: createServer(gateway, options), submissions: gateway.submissions };
}
