import { authenticate, type ClientCredentials, redactorOf } from './auth.js';
import { type Extensions, extensionsOf } from '../protocol/client/announced.js';
import { Channel } from './channel.js';
import type { ChannelTerms } from './channel-options.js';
import { Dialogue } from './dialogue.js';
import { ReplyError, UnsupportedError } from './errors.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import type { Shared } from './shared.js';

export interface SessionOptions extends ChannelTerms {
  /** The client's name in EHLO. Default: `localhost`. */
  readonly hello?: string;
  /** Use STARTTLS: true fails without it, `optional` goes on without it. Default: false. */
  readonly startTls?: boolean | 'optional';
  readonly credentials?: ClientCredentials | undefined;
  /**
   * Keywords, in upper case, that the reply to EHLO must have; if one is missing, the session fails. Default: empty.
   */
  readonly required?: readonly string[];
  /** LMTP (RFC 2033): LHLO in place of EHLO. Default: false. */
  readonly lmtp?: boolean;
  /** Aborts the session while it is being opened. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection over which mail can be sent. */
export interface Session {
  readonly channel: Channel;
  /** Empty after HELO. */
  readonly extensions: Extensions;
}

/** A session that is being opened. */
export interface Opening {
  /** Closing it cancels the session; then {@link session} never settles. */
  readonly channel: Channel;
  /**
   * Rejects with ReplyError if the server refuses, with UnsupportedError if it lacks a required feature, and with
   * ConnectionError if the connection fails. In each case the channel is closed.
   */
  readonly session: Promise<Session>;
}

/**
 * Connects, waits for the greeting, sends EHLO (HELO if the server does not know EHLO), and then makes STARTTLS and
 * AUTH as the options say. If the options do not ask for TLS, AUTH goes over a plain connection.
 *
 * @param onReply is called with every reply
 */
export function openSession(
  options: SessionOptions,
  shared: Shared,
  onReply: (reply: ReceivedReply) => void = () => undefined,
): Opening {
  const { credentials, signal } = options;
  const dialogue = new Dialogue(onReply);
  const redactor = credentials === undefined ? null : redactorOf(credentials, options);
  const channel = new Channel({ ...options, redactor }, shared, dialogue);
  dialogue.channel = channel;
  const abort = (): void => channel.abort();
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  const session = begin(channel, dialogue, options).finally(() =>
    signal?.removeEventListener('abort', abort),
  );
  return { channel, session };
}

async function begin(channel: Channel, dialogue: Dialogue, options: SessionOptions): Promise<Session> {
  try {
    await dialogue.expect('greeting', 'greeting', dialogue.next('greeting'));
    let extensions = await hello(dialogue, options);
    if (options.startTls === true || (options.startTls === 'optional' && extensions.has('STARTTLS'))) {
      channel.phase = 'tls';
      if (!extensions.has('STARTTLS')) throw new UnsupportedError('STARTTLS');
      await dialogue.expect('STARTTLS', 'tls', dialogue.say('STARTTLS', 'tls'));
      channel.allow('greeting');
      await dialogue.waitFor((done) => channel.secure(done));
      // RFC 3207 4.2: what the server announced before TLS does not count.
      extensions = await hello(dialogue, options);
    }
    if (options.credentials !== undefined) {
      channel.phase = 'auth';
      await authenticate(dialogue, options.credentials, extensions.get('AUTH'), options);
    }
    const missing = options.required?.find((keyword) => !extensions.has(keyword));
    if (missing !== undefined) throw new UnsupportedError(missing);
    channel.phase = 'idle';
    return { channel, extensions };
  } catch (error) {
    if (error instanceof UnsupportedError) error.phase = channel.phase;
    channel.close();
    throw error;
  }
}

async function hello(
  dialogue: Dialogue,
  { hello: name = 'localhost', lmtp = false }: SessionOptions,
): Promise<Extensions> {
  const command = lmtp ? 'LHLO' : 'EHLO';
  const reply = await dialogue.say(command, 'hello', `${command} ${name}`);
  if (reply.code === 250) return extensionsOf(reply);
  // RFC 5321 3.2: an old server does not know EHLO.
  if (lmtp || (reply.code !== 500 && reply.code !== 502)) throw new ReplyError(command, reply);
  await dialogue.expect('HELO', 'hello', dialogue.say('HELO', 'hello', `HELO ${name}`));
  return new Map();
}
