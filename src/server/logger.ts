import { ClientFault } from '../base/client-fault.js';
import { TooManyConnections } from './admission/admission.js';
import type { Observer, Session } from './handler.js';

/** The methods of pino, and of other loggers that take an object and a message. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/**
 * Returns an observer that writes what happens to a logger: connections at `debug`, accepted messages and refusals at
 * `info`, mistakes of clients at `warn`, errors at `error`. No line has a password or the octets of a message.
 */
export function logTo<Principal, State>(logger: Logger): Observer<Principal, State> {
  const about = ({
    id,
    remoteAddress,
  }: Session<Principal, State>): { session: string; remoteAddress: string } => ({
    session: id,
    remoteAddress,
  });
  return {
    onGreeted: (session) => logger.debug(about(session), 'connected'),
    onAccepted: (session, reply) => {
      const { reversePath = null, recipients = [] } = session.envelope ?? {};
      const facts = {
        from: reversePath?.address ?? '',
        recipients: recipients.length,
        reply: reply.toString(),
      };
      logger.info({ ...about(session), ...facts }, 'message accepted');
    },
    onRefused: (session, command, reply) => {
      logger.info({ ...about(session), command, reply: reply.toString() }, 'refused');
    },
    onError: (session, error) => {
      if (error instanceof ClientFault) {
        logger.warn({ ...about(session), hint: error.hint }, error.message);
      } else logger.error({ ...about(session), err: error }, error.message);
    },
    onRefusedArrival: (remoteAddress, error) => {
      const expected = error instanceof ClientFault || error instanceof TooManyConnections;
      logger[expected ? 'info' : 'warn']({ remoteAddress, reason: error.message }, 'not greeted');
    },
    onClose: (session, reason) => logger.debug({ ...about(session), reason }, 'closed'),
  };
}
