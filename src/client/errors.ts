import type { ReceivedReply } from './received-reply.js';

/** The server said no. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';

  /** @param command its verb alone: what comes behind AUTH is nobody's business. */
  constructor(
    readonly command: string,
    readonly reply: ReceivedReply,
  ) {
    super(`${command} was refused: ${reply.toString()}`);
  }
}

/** What ended a connection; stable, for programs. */
export type ConnectionFault =
  /** There was no connection to be had. */
  | 'connect'
  /** The TLS handshake failed, or TLS cannot be had as asked. */
  | 'tls'
  /** The server, or something in between, ended it. */
  | 'closed'
  /** Nothing came for too long. */
  | 'timeout'
  /** What came is no SMTP. */
  | 'protocol'
  /** The server does not offer what was asked for. */
  | 'unsupported';

/** The connection is of no more use. */
export class ConnectionError extends Error {
  override readonly name: string = 'ConnectionError';

  constructor(
    readonly fault: ConnectionFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** There is a connection, but what was asked for cannot be done over it. */
export class UnsupportedError extends ConnectionError {
  override readonly name = 'UnsupportedError';

  constructor(
    /** The keyword in the reply to EHLO that is missing, or lacks a parameter. */
    readonly keyword: string,
    message = `the server offers no ${keyword}`,
  ) {
    super('unsupported', message);
  }
}
