import { type Check, checkShape, isMilliseconds, isText } from './base/check-shape.js';
import { receivedField } from './message/received.js';
import type { Session } from './server/index.js';

export interface ReceivedOptions {
  /** Your id of the message. Default: the session's id. */
  readonly id?: string;
  /** When it was received, in milliseconds since the epoch. Default: now. */
  readonly time?: number;
}

const OPTIONS = { id: isText, time: isMilliseconds } satisfies Record<keyof ReceivedOptions, Check>;

/**
 * Returns the trace field that a server puts in front of a message it takes (RFC 5321 4.4). It is folded, has its CRLF, and
 * says who sent the message, by which protocol, over which TLS, and when. Nothing that a client said can break it.
 */
export function received(session: Session, options: ReceivedOptions = {}): string {
  checkShape('received', options, OPTIONS);
  const { id = session.id, time = Date.now() } = options;
  const { hello, envelope, tls } = session;
  return receivedField({
    helloName: hello?.name ?? '',
    extended: hello !== null && hello.verb !== 'HELO',
    lmtp: hello?.verb === 'LHLO',
    clientAddress: session.remoteAddress,
    hostname: session.hostname,
    tls: tls === null ? null : `${tls.version} ${tls.cipher}`,
    authenticated: session.principal !== null,
    utf8: envelope?.parameters.smtputf8 === true,
    id,
    recipients: envelope?.recipients.map(({ forwardPath }) => forwardPath.address) ?? [],
    priority: envelope?.parameters.priority ?? null,
    time,
  });
}
