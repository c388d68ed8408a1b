import type { ReceivedReply } from './received-reply.js';

/**
 * What the client was doing. `connect`, `greeting`, `hello`, `tls` and `auth` make a session; `mail`, `rcpt`,
 * `data`, `content` (while it is sent) and `end` (once it has been sent) carry a message; `idle`: nothing.
 */
export type ClientPhase =
  'connect' | 'greeting' | 'hello' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'content' | 'end' | 'idle';

/** The server said no. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';

  /** @param command its verb alone: what comes behind AUTH is nobody's business. */
  constructor(
    readonly command: string,
    readonly reply: ReceivedReply,
    readonly phase: ClientPhase = 'hello',
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
  | 'unsupported'
  /** The signal that was given with it was aborted. */
  | 'aborted';

/** The connection is of no more use. */
export class ConnectionError extends Error {
  override readonly name: string = 'ConnectionError';
  /** What the client was doing when it happened; set by the channel. */
  phase: ClientPhase = 'connect';
  /** The reply that must not have come there; null if it was something else. */
  reply: ReceivedReply | null = null;

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
