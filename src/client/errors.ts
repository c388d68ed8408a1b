import type { ReceivedReply } from '../protocol/client/received-reply.js';

/**
 * The client's phase. `connect`, `greeting`, `hello`, `tls` and `auth` set up a session; `mail`, `rcpt`, `data`,
 * `content` (while it is sent) and `end` (once it has been sent) send a message; `reset` ends a transaction and `quit`
 * the session; in `idle` the client does nothing.
 */
export type ClientPhase =
  | ('connect' | 'greeting' | 'hello' | 'tls' | 'auth')
  | ('mail' | 'rcpt' | 'data' | 'content' | 'end' | 'reset')
  | ('quit' | 'idle');

/** The server refused a command or the connection. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';

  /** @param command the verb alone, since the arguments of AUTH are secret */
  constructor(
    readonly command: string,
    readonly reply: ReceivedReply,
    readonly phase: ClientPhase = 'hello',
  ) {
    super(`${command} was refused: ${reply.toString()}`);
  }
}

/** The reason why a connection ended; stable, for programs. */
export type ConnectionFault =
  /** The connection could not be made. */
  | 'connect'
  /** The TLS handshake failed, or TLS as required is not available. */
  | 'tls'
  /** The server, or something between client and server, closed the connection. */
  | 'closed'
  /** Nothing came for too long. */
  | 'timeout'
  /** The server sent what it must not send, so the client closed the connection. */
  | 'protocol'
  /** The server does not offer a feature that is required. */
  | 'unsupported'
  /** The caller's signal was aborted. */
  | 'aborted';

/** The connection can no longer be used. */
export class ConnectionError extends Error {
  override readonly name: string = 'ConnectionError';
  /** The client's phase when the error happened; the channel sets it. */
  phase: ClientPhase = 'connect';
  /** The reply that must not come at that point; null if the cause was not a reply. */
  reply: ReceivedReply | null = null;

  constructor(
    readonly fault: ConnectionFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The connection works, but the server lacks a feature that is required. */
export class UnsupportedError extends ConnectionError {
  override readonly name = 'UnsupportedError';

  constructor(
    /** The keyword that is missing in the reply to EHLO, or lacks a parameter. */
    readonly keyword: string,
    message = `the server offers no ${keyword}`,
  ) {
    super('unsupported', message);
  }
}
