import { Buffer, isAscii } from 'node:buffer';
import { Connection, type ConnectionOptions } from './connection.js';
import { asData } from './content.js';
import { type Check, checkPresent, checkShape, isList, type Shape } from '../base/check-shape.js';
import { mailCommand, rcptCommand } from '../protocol/client/commands.js';
import { checkConnect } from './option-checks.js';
import { ReplyError, UnsupportedError } from './errors.js';
import { CLIENT } from './limits.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import { Shared } from './shared.js';
import type { OutgoingContent, TransactionResult } from './transaction.js';

/** How {@link connect} reaches a server: host and port, or the path of a Unix socket; TLS; credentials. */
export interface ClientOptions extends Partial<Omit<ConnectionOptions, 'host' | 'port'>> {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Default: 25; with `implicitTls` 465. */
  readonly port?: number;
  /** Send a password without TLS to other machines, too. Default: false. */
  readonly allowInsecureAuth?: boolean;
}

/** One message, and who gets it. */
export interface ClientMessage {
  /** The reverse-path; null for `<>`. */
  readonly from: string | null;
  /** The forward-paths; at least one. */
  readonly to: readonly string[];
  /** Header section and body. Dots are stuffed, and a CR or LF that stands alone becomes CRLF. Text is sent as UTF-8. */
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Parameters of MAIL beside those that the message needs, such as `RET=HDRS`. */
  readonly parameters?: readonly string[];
}

/** What became of a message that at least one recipient was accepted for. */
export interface ClientResult {
  /** The reply to the content; in LMTP, to the content for the last recipient. */
  readonly reply: ReceivedReply;
  readonly accepted: readonly string[];
  readonly refused: readonly { readonly recipient: string; readonly reply: ReceivedReply }[];
}

/** All connections of this entry share one sweep of deadlines and one buffer. It keeps no process alive. */
const shared = new Shared();

/**
 * Connects, greets, and makes STARTTLS and AUTH as the options say.
 *
 * Rejects with ReplyError if the server refuses, with UnsupportedError if it lacks what is asked for, and with
 * ConnectionError if the connection fails. An option that is unknown, wrong or contradicts another one is a TypeError, and
 * nothing is connected to.
 */
export async function connect(options: ClientOptions = {}): Promise<Client> {
  return Client.open(options);
}

/** A session with a server, over which messages are sent one after the other. */
export class Client {
  private constructor(private readonly connection: Connection) {}

  /** The same as {@link connect}. */
  static async open(options: ClientOptions): Promise<Client> {
    checkConnect(options);
    const { host = '127.0.0.1', port = options.implicitTls === true ? 465 : 25 } = options;
    const { messages = Infinity, messageTimeout = CLIENT.message.initial } = options;
    return new Client(await Connection.open({ ...options, host, port, messages, messageTimeout }, shared));
  }

  /** What the server announced: keywords in upper case, with their parameters. */
  get extensions(): ReadonlyMap<string, string> {
    return this.connection.extensions;
  }

  /** Version and cipher of TLS; null without TLS. */
  get tls(): string | null {
    return this.connection.tls;
  }

  /**
   * Sends a message. Resolves if the server took it for one recipient or more.
   *
   * Rejects with ReplyError if the server took it for none, with UnsupportedError if an address is not ASCII and the
   * server has no SMTPUTF8, and with ConnectionError if the connection is lost: then the server may have taken it. A
   * message with a member that is missing, unknown or of another type is a TypeError, and nothing is sent.
   */
  async send(message: ClientMessage): Promise<ClientResult> {
    checkMessage(message);
    const { to } = message;
    const content = typeof message.content === 'string' ? Buffer.from(message.content) : message.content;
    const result = await this.connection.send({
      mail: this.#mail(message, content),
      recipients: to.map((path) => rcptCommand(path).trimEnd()),
      content: outgoing(content),
    });
    return resultOf(to, result);
  }

  /** Says QUIT and closes. Resolves when the connection is closed. */
  async quit(): Promise<void> {
    this.connection.quit();
    await this.connection.ended;
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.connection.destroy();
  }

  #mail(
    { from, to, parameters = [] }: ClientMessage,
    content: Uint8Array | AsyncIterable<Uint8Array>,
  ): string {
    const { extensions } = this;
    const words = [...parameters];
    if (content instanceof Uint8Array && !isAscii(content)) {
      const named = words.some((word) => /^BODY=/i.test(word));
      if (extensions.has('8BITMIME') && !named) words.push('BODY=8BITMIME');
    }
    if ([from ?? '', ...to].some((path) => /[^\0-\x7f]/.test(path))) {
      if (!extensions.has('SMTPUTF8')) throw new UnsupportedError('SMTPUTF8');
      if (!words.some((word) => /^SMTPUTF8$/i.test(word))) words.push('SMTPUTF8');
    }
    const wrong = words.find((word) => !/^[!-~]+$/.test(word));
    if (wrong !== undefined) throw new TypeError(`${JSON.stringify(wrong)} is not a parameter of MAIL`);
    return [mailCommand(from ?? '').trimEnd(), ...words].join(' ');
  }
}

const isPath: Check = (value) =>
  value === null || typeof value === 'string' ? null : 'an address, or null for <>';
const isContent: Check = (value) =>
  typeof value === 'string' ||
  value instanceof Uint8Array ||
  (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
    ? null
    : 'text, octets or an async iterable of octets';

const MESSAGE: Shape = { from: isPath, to: isList, content: isContent, parameters: isList };

/** @throws TypeError if a program without types gave something that is no message */
function checkMessage(message: ClientMessage): void {
  checkShape('send', message, MESSAGE);
  checkPresent('send', message, ['from', 'to', 'content']);
  if (message.to.length === 0) throw new TypeError('to: expected at least one recipient');
}

function outgoing(content: Uint8Array | AsyncIterable<Uint8Array>): OutgoingContent {
  if (!(content instanceof Uint8Array)) return { form: 'stream', pieces: content };
  const octets = asData(content);
  return octets === null ? { form: 'stream', pieces: piecesOf(content) } : { form: 'data', octets };
}

async function* piecesOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

function resultOf(to: readonly string[], { recipients, error }: TransactionResult): ClientResult {
  const accepted: string[] = [];
  const refused: { recipient: string; reply: ReceivedReply }[] = [];
  let last: ReceivedReply | null = null;
  let refusal: ReplyError | null = null;
  for (const [place, { phase, reply }] of recipients.entries()) {
    const recipient = to[place] ?? '';
    if (reply === null) continue;
    if (reply.done) {
      accepted.push(recipient);
      last = reply;
    } else {
      refused.push({ recipient, reply });
      refusal ??= new ReplyError(phase === 'end' ? 'the message' : phase.toUpperCase(), reply, phase);
    }
  }
  if (last !== null) return { reply: last, accepted, refused };
  throw error ?? refusal ?? new Error('the server decided about no recipient');
}
