import type { Logger } from 'pino';
import type { ReportsObserver } from '../delivery/reports/reporter.js';
import type { RunnerObserver } from '../delivery/runner.js';

/** One line for each recipient of whom something became, and one for each outage. */
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
    onOutage: (destination, reason, until) => {
      log.warn({ ...destination, reason, until: new Date(until).toISOString() }, 'cannot deliver');
    },
    onRecovery: (destination) => {
      log.info(destination, 'can deliver again');
    },
    onFault: (what, error) => {
      log.error({ err: error }, what);
    },
  };
}

/** One line for each notification that a sender gets. */
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
