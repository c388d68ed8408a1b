import type { Logger } from 'pino';
import type { Reply } from '../../protocol/index.js';
import {
  ClientFault,
  type Observer as ServerObserver,
  type Session,
  TooManyConnections,
} from '../../server/index.js';
import { Throttled } from './throttled.js';
import type { Domain } from '../../store/port.js';
import type { GatewayOptions } from '../../submission/gateway.js';

/** What the gateway's server and its accept pipeline tell the log. */
export interface Observer {
  readonly onAccepted: NonNullable<GatewayOptions['onAccepted']>;
  readonly handler: ServerObserver<Domain>;
}

/**
 * One line per thing accepted, refused or failed, each with its session. A level that is off costs a
 * comparison: what a line tells is gathered only where it is written.
 */
export function observe(log: Logger): Observer {
  const follows = new Consequences();
  const crowd = new Throttled(CROWD_MS, (line) => {
    log.warn(line, 'refused before the greeting');
  });
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
        // The client's mistake: one line, and no stack.
        if (error instanceof ClientFault) {
          log.warn({ ...who(session), ...reasonOf(error) }, 'the client failed');
          return;
        }
        log.error({ ...who(session), err: error }, 'failed');
      },
      onRefusedArrival: (client, error) => {
        const line = { client: known(client), ...reasonOf(error) };
        // Thousands a second, perhaps: one line for all.
        if (error instanceof TooManyConnections) crowd.note(line);
        else log.info(line, 'refused before the greeting');
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

/** Milliseconds between two lines on connections that are refused because there are too many. */
const CROWD_MS = 10_000;

function reasonOf(error: Error): Record<string, unknown> {
  const hint = error instanceof ClientFault ? error.hint : null;
  return hint === null ? { reason: error.message } : { reason: error.message, hint };
}

function who(session: Session<Domain>): Record<string, unknown> {
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
