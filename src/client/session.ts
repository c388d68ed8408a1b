import { authenticate, type ClientCredentials, redactorOf } from './auth.js';
import { Channel, type ChannelOptions } from './channel.js';
import { Dialogue } from './dialogue.js';
import { ReplyError, UnsupportedError } from './errors.js';
import type { ReceivedReply } from './received-reply.js';
import type { Shared } from './shared.js';

export interface SessionOptions extends Omit<ChannelOptions, 'redactor'> {
  /** The client's name, in EHLO. Default: `localhost`. */
  readonly hello?: string;
  /** Default: false. True: STARTTLS, and no session without it. `optional`: STARTTLS if it is offered. */
  readonly startTls?: boolean | 'optional';
  readonly credentials?: ClientCredentials | undefined;
  /** Keywords in the reply to EHLO, in upper case, without which there is no session. Default: none. */
  readonly required?: readonly string[];
  /** LMTP (RFC 2033): LHLO in place of EHLO. Default: false. */
  readonly lmtp?: boolean;
  /** Gives the session up while it is opened. */
  readonly signal?: AbortSignal | undefined;
}

/** What EHLO announced: keywords in upper case, with their parameters. */
export type Extensions = ReadonlyMap<string, string>;

/** A connection over which mail can be sent. */
export interface Session {
  readonly channel: Channel;
  /** Empty after HELO. */
  readonly extensions: Extensions;
}

/** A session that is being opened. */
export interface Opening {
  /** To give it up: nothing settles any more once it is closed. */
  readonly channel: Channel;
  /**
   * Rejects with ReplyError if the server refuses, with UnsupportedError if it does not offer what was asked for, and
   * with ConnectionError if there is no dialogue; the channel is closed then.
   */
  readonly session: Promise<Session>;
}

/**
 * Connects, waits for the greeting, says EHLO (HELO if the server does not know that), and takes the session
 * through TLS and AUTH as asked. AUTH goes over a plain connection too, if no TLS was asked for.
 *
 * @param heard gets every reply
 */
export function openSession(
  options: SessionOptions,
  shared: Shared,
  heard: (reply: ReceivedReply) => void = () => undefined,
): Opening {
  const { credentials, signal } = options;
  const dialogue = new Dialogue(heard);
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
      await dialogue.meanwhile((done) => channel.secure(done));
      // What was said in plain text does not count (RFC 3207 4.2).
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
  // RFC 5321 3.2: a server of old does not know it.
  if (lmtp || (reply.code !== 500 && reply.code !== 502)) throw new ReplyError(command, reply);
  await dialogue.expect('HELO', 'hello', dialogue.say('HELO', 'hello', `HELO ${name}`));
  return new Map();
}

/** Reads the reply to EHLO. RFC 5321 4.1.1.1: the first line greets, each further one names an extension. */
export function extensionsOf(reply: ReceivedReply): Extensions {
  const extensions = new Map<string, string>();
  for (const line of reply.lines.slice(1)) {
    // `AUTH=LOGIN`, from before RFC 2554, is how some servers still say it to clients of old.
    const [keyword = '', parameters = ''] = line
      .trim()
      .replace(/^AUTH=/i, 'AUTH ')
      .split(/ +(.*)/s, 2);
    const name = keyword.toUpperCase();
    if (name === 'AUTH' && extensions.has(name)) continue;
    extensions.set(name, parameters);
  }
  return extensions;
}
