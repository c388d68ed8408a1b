import { remoteFailure } from '../base/tls-words.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import type { ChannelTerms } from './channel-options.js';
import { ConnectionError } from './errors.js';

/** The step of the connection set-up that a channel waits for; null once replies may come. */
export type Connecting = 'connect' | 'tls' | null;

/** Returns the error for a connection that the server closed, or that was never made. */
export function closedError(
  { host, port, path }: ChannelTerms,
  connecting: Connecting,
  due: number,
  cause: NodeJS.ErrnoException | null,
): ConnectionError {
  const why = cause === null ? '' : `: ${remoteFailure(cause)}`;
  const options = cause === null ? {} : { cause };
  const where = path ?? `${host} port ${port}`;
  if (connecting === 'connect') {
    return new ConnectionError('connect', `no connection to ${where}${why}`, options);
  }
  if (connecting === 'tls') return new ConnectionError('tls', `no TLS with ${where}${why}`, options);
  const what = due > 0 ? 'before it replied' : 'while no reply was due';
  return new ConnectionError('closed', `the server closed the connection ${what}${why}`, options);
}

/** Returns the error for a step that took longer than so many seconds. */
export function stepOverdueError(connecting: Connecting, due: number, seconds: number): ConnectionError {
  const what =
    connecting === 'connect'
      ? 'a connection'
      : connecting === 'tls'
        ? 'TLS'
        : due > 0
          ? 'a reply'
          : 'progress of the content';
  return new ConnectionError('timeout', `timed out after ${seconds} s without ${what}`, { cause: OVERDUE });
}

/** Returns the error for a message that took longer than its limit. */
export function messageOverdueError(): ConnectionError {
  return new ConnectionError('timeout', 'the message took too long altogether', { cause: OVERDUE });
}

/** Returns the error for a reply that no command asked for. */
export function unexpectedReplyError(reply: ReceivedReply): ConnectionError {
  // RFC 5321 3.8: a server may send 421 at any time, and must then close the connection.
  const fault = reply.code === 421 ? 'closed' : 'protocol';
  const what = `a reply came that no command asked for: ${reply.toString()}`;
  return Object.assign(new ConnectionError(fault, what), { reply });
}

const OVERDUE = Object.assign(new Error('it did not answer in time'), { code: 'ETIMEDOUT' });
