import type { Logger } from 'pino';
import { Recent } from '../../base/bounded-map.js';
import type { LongLinesObserver } from '../../delivery/long-lines/outgoing.js';
import type { ReportsObserver } from '../../delivery/reports/reporter.js';
import type { RunnerObserver } from '../../delivery/queue/runner.js';
import type { TransportEnvironment } from '../../delivery/transports/schemes.js';
import type { WebhookObserver } from '../../delivery/webhooks/webhooks.js';

/** Logs one line for each recipient that has an outcome, and one for each outage. */
export function observeDelivery(log: Logger): RunnerObserver {
  return {
    onOutcome: ({ id, domain }, { forwardPath }, { attempt, nextAttemptAt }, quiet) => {
      if (!log.isLevelEnabled(quiet ? 'debug' : 'info')) return;
      const { outcome, remoteHost, reply, tls } = attempt;
      const line = {
        id: String(id),
        domain: domain.name,
        to: forwardPath,
        remote: remoteHost,
        reply,
        tls,
        ...(nextAttemptAt === null ? {} : { next: new Date(nextAttemptAt).toISOString() }),
      };
      if (quiet) log.debug(line, outcome);
      else log.info(line, outcome);
    },
    onUnreadable: ({ id, domain }, error) => {
      log.error(
        { id: String(id), domain: domain.name, err: error },
        'the store does not give out the content of a message, which is tried again later',
      );
    },
    onCrashes: ({ id, domain }, count) => {
      log.error(
        { id: String(id), domain: domain.name, crashes: count },
        'message given up: the server died each time that it was delivered',
      );
    },
    onCapped: (recipients) => {
      log.warn({ recipients }, 'the clock was put back: recipients that were due too late are due sooner');
    },
    onOutage: (destination, reason) => {
      log.warn({ ...destination, reason }, 'cannot deliver');
    },
    onRecovery: (destination) => {
      log.info(destination, 'can deliver again');
    },
    onFault: (what, error) => {
      log.error({ err: error }, what);
    },
  };
}

/** Cuts of one remote server in one phase are logged at `warn` once in this time, in milliseconds; others at `debug`. */
const CUT_GAP = 3_600_000;
/** Remote servers that are remembered for that. */
const CUT_HOSTS = 1_000;

/** Logs one line if Postern closes a connection because of what the remote server sent while no message was on its way. */
export function observeCuts(log: Logger): NonNullable<TransportEnvironment['onCut']> {
  const logged = new Recent<string, number>(CUT_HOSTS);
  return ({ host, phase, reason }) => {
    const key = `${host} ${phase}`;
    const last = logged.get(key);
    const now = performance.now();
    const quiet = last !== undefined && now - last < CUT_GAP;
    if (!quiet) logged.set(key, now);
    log[quiet ? 'debug' : 'warn'](
      { remote: host, reason },
      `connection closed by this server, because the remote server broke the protocol ${phase}`,
    );
  };
}

/** Logs one line if parts were encoded anew because of their long lines, and one if long lines go out as they are. */
export function observeLongLines(log: Logger): LongLinesObserver {
  return ({ id, domain }, encoded, left) => {
    const line = { id: String(id), domain: domain.name };
    if (encoded > 0) log.info({ ...line, parts: encoded }, 'parts with long lines encoded anew');
    if (left.length > 0) {
      log.warn({ ...line, in: left }, 'lines of more than 998 octets go out as they are');
    }
  };
}

/** Logs one line for each notification to a sender. */
export function observeReports(log: Logger): ReportsObserver {
  return {
    onReported: ({ kind, report, recipients }, id) => {
      log.info(
        {
          id: String(report.id),
          domain: report.domain.name,
          about: recipients.map(({ forwardPath }) => forwardPath),
          kind,
          notification: String(id),
          to: report.reversePath,
        },
        'sender notified',
      );
    },
    onFault: (what, error) => {
      log.error({ err: error }, what);
    },
  };
}

/** Logs one line if a webhook is given up; an event that is tried again is logged at `debug`. */
export function observeWebhooks(log: Logger): WebhookObserver {
  return {
    onSwitchedOff: ({ domain, url }, reason) => {
      log.warn({ domain, url: withoutQuery(url), reason }, 'webhook switched off');
    },
    onFailed: ({ domain, url }, { event, name, attempts }, reason) => {
      log.debug(
        { domain, url: withoutQuery(url), event, name, attempt: attempts + 1, reason },
        'webhook failed',
      );
    },
    onCrashes: ({ domain }, { event, message, name, crashes }) => {
      log.error(
        { domain, event, name, id: String(message), crashes: crashes?.count ?? 0 },
        'event dropped: the server died each time that it was reported',
      );
    },
    onCapped: (events) => {
      log.warn({ events }, 'the clock was put back: events that were due too late are due sooner');
    },
    onError: (error) => {
      log.error({ err: error }, 'events of webhooks cannot be read');
    },
  };
}

/** Removes the query of a URL, since it usually has what identifies a caller to an endpoint. */
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}
