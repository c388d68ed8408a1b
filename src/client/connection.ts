import type { Channel, ChannelListener } from './channel.js';
import type { ConnectionError } from './errors.js';
import type { Extensions } from '../protocol/client/announced.js';
import { meaningOf } from '../protocol/client/expected-replies.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import { openSession, type SessionOptions } from './session.js';
import type { Shared } from './shared.js';
import { type OutgoingMessage, transact, type TransactionResult } from './transaction.js';

export interface ConnectionOptions extends SessionOptions {
  /** Number of messages that may go over one connection. */
  readonly messages: number;
  /** Milliseconds that one message may take altogether. */
  readonly messageTimeout: number;
  /**
   * Called if the client closes the connection because of the server's fault `protocol` between messages. The server
   * has sent what it must not send: unasked, or in reply to RSET or QUIT.
   */
  readonly onCut?: ((error: ConnectionError) => void) | undefined;
}

/** How long a server has to answer QUIT, in milliseconds. */
const QUIT_MS = 1000;

/** A session that sends messages, one after the other. */
export class Connection {
  readonly extensions: Extensions;
  /** Version and cipher of TLS; null without TLS. */
  readonly tls: string | null;
  /** Whether the connection has TLS with a certificate that is valid for the name of the server. */
  readonly authorized: boolean;
  #sent = 0;
  #busy = false;
  readonly #channel: Channel;
  /** The listener between two messages. No reply is due then, so the channel closes itself if anything comes. */
  readonly #idle: ChannelListener = { reply: () => undefined, lost: (error) => this.#lost(error) };

  private constructor(
    channel: Channel,
    extensions: Extensions,
    private readonly options: ConnectionOptions,
  ) {
    this.#channel = channel;
    this.extensions = extensions;
    this.tls = channel.cipher;
    this.authorized = channel.authorized;
    channel.listener = this.#idle;
  }

  /** Opens a session. Rejects as {@link openSession} does. */
  static async open(options: ConnectionOptions, shared: Shared): Promise<Connection> {
    const { channel, extensions } = await openSession(options, shared).session;
    return new Connection(channel, extensions, options);
  }

  /** Whether another message may go over the connection. */
  get usable(): boolean {
    return !this.#channel.closed && this.#sent < this.options.messages;
  }

  /** Whether a message went over it before. */
  get used(): boolean {
    return this.#sent > 0;
  }

  get ended(): Promise<void> {
    return this.#channel.ended;
  }

  /**
   * Sends a message. Rejects if another message is being sent, or if the content rejects; in the latter case the
   * connection is closed.
   */
  async send(message: OutgoingMessage): Promise<TransactionResult> {
    if (this.#busy) throw new Error('another message is under way on this connection');
    this.#busy = true;
    this.#sent++;
    this.#channel.limitTo(this.options.messageTimeout);
    try {
      const result = await transact(this.#channel, message, {
        pipelining: this.extensions.has('PIPELINING'),
        lmtp: this.options.lmtp === true,
        next: this.#idle,
      });
      if (result.error?.phase === 'reset') this.#lost(result.error);
      return result;
    } finally {
      this.#busy = false;
      this.#channel.limitTo(null);
    }
  }

  quit(): void {
    const channel = this.#channel;
    if (channel.closed) return;
    channel.listener = { reply: (reply) => this.#afterQuit(reply), lost: (error) => this.#lost(error) };
    channel.phase = 'quit';
    channel.sendCommands(['QUIT']);
    setTimeout(() => channel.destroy(), QUIT_MS).unref();
  }

  #afterQuit(reply: ReceivedReply): void {
    if (meaningOf('QUIT', reply.code) === null) this.#channel.reject(reply, 'QUIT');
    else this.#channel.close();
  }

  #lost(error: ConnectionError): void {
    if (error.fault === 'protocol') this.options.onCut?.(error);
  }

  /** Closes the connection at once. If a message is being sent, it ends as if the server had closed the connection. */
  destroy(): void {
    this.#channel.abort();
  }
}
