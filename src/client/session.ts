import { authenticate, type ClientCredentials } from './auth.js';
import { Channel, type ChannelOptions } from './channel.js';
import { Dialogue } from './dialogue.js';
import { ReplyError, UnsupportedError } from './errors.js';
import type { ReceivedReply } from './received-reply.js';
import type { Shared } from './shared.js';

export interface SessionOptions extends ChannelOptions {
  /** The client's name, in EHLO. Default: `localhost`. */
  readonly hello?: string;
  /** Default: false. True: STARTTLS, and no session without it. */
  readonly startTls?: boolean;
  readonly credentials?: ClientCredentials | undefined;
  /** Keywords in the reply to EHLO, in upper case, without which there is no session. Default: none. */
  readonly required?: readonly string[];
}

/** A connection over which mail can be sent. */
export interface Session {
  readonly channel: Channel;
  /** What EHLO announced: keywords in upper case, with their parameters. Empty after HELO. */
  readonly extensions: ReadonlyMap<string, string>;
}

/** A session on its way. */
export interface Opening {
  /** To give it up: nothing settles any more once it is closed. */
  readonly channel: Channel;
  /**
   * Rejects with ReplyError where the server says no, with UnsupportedError where it does not offer what was
   * asked for, and with ConnectionError where there is no dialogue; the channel is closed then.
   */
  readonly session: Promise<Session>;
}

/**
 * Connects, waits for the greeting, says EHLO (HELO where the server knows no better), and takes the session
 * through TLS and AUTH as asked. AUTH goes over a plain connection too, where no TLS was asked for.
 *
 * @param heard gets every reply
 */
export function openSession(
  options: SessionOptions,
  shared: Shared,
  heard: (reply: ReceivedReply) => void = () => undefined,
): Opening {
  const dialogue = new Dialogue(heard);
  const channel = new Channel(options, shared, dialogue);
  dialogue.channel = channel;
  return { channel, session: begin(channel, dialogue, options) };
}

async function begin(channel: Channel, dialogue: Dialogue, options: SessionOptions): Promise<Session> {
  try {
    await dialogue.expect('the connection', 220, dialogue.next());
    let extensions = await hello(dialogue, options);
    if (options.startTls === true) {
      if (!extensions.has('STARTTLS')) throw new UnsupportedError('STARTTLS');
      await dialogue.expect('STARTTLS', 220, dialogue.say('STARTTLS'));
      await dialogue.meanwhile((done) => channel.secure(done));
      // What was said in plain text does not count (RFC 3207 4.2).
      extensions = await hello(dialogue, options);
    }
    if (options.credentials !== undefined) {
      await authenticate(dialogue, options.credentials, extensions.get('AUTH'));
    }
    const missing = options.required?.find((keyword) => !extensions.has(keyword));
    if (missing !== undefined) throw new UnsupportedError(missing);
    return { channel, extensions };
  } catch (error) {
    channel.close();
    throw error;
  }
}

async function hello(
  dialogue: Dialogue,
  { hello: name = 'localhost' }: SessionOptions,
): Promise<ReadonlyMap<string, string>> {
  const ehlo = await dialogue.say(`EHLO ${name}`);
  if (ehlo.code === 250) return announced(ehlo);
  // RFC 5321 3.2: a server of old does not know it.
  if (ehlo.code !== 500 && ehlo.code !== 502) throw new ReplyError('EHLO', ehlo);
  await dialogue.expect('HELO', 250, dialogue.say(`HELO ${name}`));
  return new Map();
}

/** RFC 5321 4.1.1.1: the first line greets, each further one names an extension. */
function announced(reply: ReceivedReply): ReadonlyMap<string, string> {
  const extensions = new Map<string, string>();
  for (const line of reply.lines.slice(1)) {
    const [keyword = '', parameters = ''] = line.trim().split(/ +(.*)/s, 2);
    extensions.set(keyword.toUpperCase(), parameters);
  }
  return extensions;
}
