import type { Logger } from 'pino';
import type { Reply } from '../../protocol/index.js';
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
  const follows = new Consequences();
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
        const level = follows.isConsequence(session, command, reply) ? 'debug' : 'info';
        if (!log.isLevelEnabled(level)) return;
        log[level]({ ...who(session), command, reply: reply.toString() }, 'refused');
      },
      onError: (session, error) => {
        log.error({ ...who(session), err: error }, 'failed');
      },
      onRefusedArrival: (client, error) => {
        log.info({ client: known(client), reason: error.message }, 'refused before the greeting');
      },
      onClose: (session, reason) => {
        if (!log.isLevelEnabled('debug')) return;
        log.debug({ ...who(session), reason }, 'closed');
      },
    },
  };
}

/** Null if a client was gone before its address could be asked for. */
function known(address: string): string | null {
  return address === '' ? null : address;
}

function who(session: SessionView<Domain>): Record<string, unknown> {
  const { origin } = session;
  const line = {
    session: session.id,
    client: known(session.remoteAddress),
    tls: session.tls?.version ?? null,
    domain: session.principal?.name ?? null,
  };
  return origin === null ? line : { ...line, origin };
}

/** Commands that are refused for no other reason than that one before them was. */
const AFTER_MAIL = new Set(['RCPT', 'DATA', 'BDAT']);
const AFTER_RCPT = new Set(['DATA', 'BDAT']);

/**
 * Tells a refusal from what follows from it: a client that pipelines MAIL, RCPT and DATA gets three refusals for one
 * sender that may not be used, and one line says all of it.
 */
class Consequences {
  /** Commands that have nothing to go by, since the last refusal of each session. */
  readonly #expected = new WeakMap<object, ReadonlySet<string>>();

  /** @param command the verb of the command that was refused */
  isConsequence(session: object, command: string, { enhanced }: Reply): boolean {
    // RFC 3463: the command is out of order, which is also said of one that has no recipient.
    if (enhanced === '5.5.1' && this.#expected.get(session)?.has(command) === true) return true;
    if (command === 'MAIL') this.#expected.set(session, AFTER_MAIL);
    else if (command === 'RCPT') this.#expected.set(session, AFTER_RCPT);
    else this.#expected.delete(session);
    return false;
  }
}
