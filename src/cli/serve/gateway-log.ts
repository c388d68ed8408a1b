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

/** The observers that write what happens in the gateway's server and in its acceptance to the log. */
interface Observer {
  readonly onAccepted: NonNullable<GatewayOptions['onAccepted']>;
  readonly handler: ServerObserver<Domain>;
}

/**
 * Logs one line for each thing that is accepted, refused or fails, with its session. If a level is off, a line costs
 * one comparison: its data is gathered only if it is written.
 */
export function observe(log: Logger): Observer {
  const follows = new Consequences();
  const crowd = new Throttled(CROWD_MS, (line) => {
    log.warn(line, 'refused before the greeting');
  });
  return {
    onAccepted: (session, { id, size, from, recipients, priority, tags, needs }) => {
      if (!log.isLevelEnabled('info')) return;
      // MT-PRIORITY (RFC 6710 4.1).
      const promise = priority === null ? {} : { priority };
      const line = { ...who(session), id: String(id), from, recipients, size, tags, ...promise };
      // Many servers break up such lines, and then the DKIM signatures fail.
      log.info(needs.longLines ? { ...line, longLines: true } : line, 'accepted');
    },
    handler: {
      onRefused: (session, command, reply) => {
        const level = follows.isConsequence(session, command, reply) ? 'debug' : 'info';
        if (!log.isLevelEnabled(level)) return;
        log[level]({ ...who(session), command, reply: reply.toString() }, 'refused');
      },
      onError: (session, error) => {
        // The client made the mistake: one line, and no stack.
        if (error instanceof ClientFault) {
          log.warn({ ...who(session), ...reasonOf(error) }, 'the client failed');
          return;
        }
        log.error({ ...who(session), err: error }, 'failed');
      },
      onRefusedArrival: (client, error) => {
        const line = { client: known(client), ...reasonOf(error) };
        // There may be thousands of these in a second, so one line counts them all.
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

/** Returns null if the client had left before its address could be read. */
function known(address: string): string | null {
  return address === '' ? null : address;
}

/** Milliseconds between two log lines about connections that are refused because there are too many. */
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

/** Commands that are refused only because one before them was refused. */
const AFTER_MAIL = new Set(['RCPT', 'DATA', 'BDAT']);
const AFTER_RCPT = new Set(['DATA', 'BDAT']);

/**
 * Detects a refusal that follows from an earlier one: if a client pipelines MAIL, RCPT and DATA and the sender may not
 * be used, it gets three refusals, and one line says everything.
 */
class Consequences {
  /** For each session, the commands that lack what they need since its last refusal. */
  readonly #expected = new WeakMap<object, ReadonlySet<string>>();

  /**
   * Returns true if the refusal follows from an earlier one.
   *
   * @param command the verb of the command that was refused
   */
  isConsequence(session: object, command: string, { enhanced }: Reply): boolean {
    // RFC 3463: the command is out of order. DATA without a recipient gets the same code.
    if (enhanced === '5.5.1' && this.#expected.get(session)?.has(command) === true) return true;
    if (command === 'MAIL') this.#expected.set(session, AFTER_MAIL);
    else if (command === 'RCPT') this.#expected.set(session, AFTER_RCPT);
    else this.#expected.delete(session);
    return false;
  }
}
