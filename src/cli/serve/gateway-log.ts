import type { Logger } from 'pino';
import type { Handler, SessionView } from '../../server/index.js';
import type { Domain } from '../../store/port.js';
import type { GatewayOptions } from '../../submission/gateway.js';

/** What the gateway's server and its accept pipeline tell the log. */
export interface Observer {
  readonly onAccepted: NonNullable<GatewayOptions['onAccepted']>;
  readonly handler: Pick<Handler<Domain>, 'onRefused' | 'onError' | 'onRefusedArrival' | 'onClose'>;
}

/**
 * One line per thing accepted, refused or failed, each with its session. A level that is off costs a
 * comparison: what a line tells is gathered only where it is written.
 */
export function observe(log: Logger): Observer {
  return {
    onAccepted: (session, { id, size, from, recipients, priority, tags, needs }) => {
      if (!log.isLevelEnabled('info')) return;
      // RFC 6710 4.1
      const promise = priority === null ? {} : { priority };
      const line = { ...who(session), id: String(id), from, recipients, size, tags, ...promise };
      // Such lines are broken up by many servers, and DKIM signatures with them.
      log.info(needs.longLines ? { ...line, longLines: true } : line, 'accepted');
    },
    handler: {
      onRefused: (session, command, reply) => {
        if (!log.isLevelEnabled('info')) return;
        log.info({ ...who(session), command, reply: reply.toString() }, 'refused');
      },
      onError: (session, error) => {
        log.error({ ...who(session), err: error }, 'failed');
      },
      onRefusedArrival: (client, error) => {
        log.info({ client, reason: error.message }, 'refused before the greeting');
      },
      onClose: (session, reason) => {
        if (!log.isLevelEnabled('debug')) return;
        log.debug({ ...who(session), reason }, 'closed');
      },
    },
  };
}

function who(session: SessionView<Domain>): Record<string, unknown> {
  const { origin } = session;
  const line = {
    session: session.id,
    client: session.remoteAddress,
    tls: session.tls?.version ?? null,
    domain: session.principal?.name ?? null,
  };
  return origin === null ? line : { ...line, origin };
}
