import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { addressOf, tlsOptionsOf } from './connect-options.js';
import {
  closedError,
  type Connecting,
  messageOverdueError,
  stepOverdueError,
  unexpectedReplyError,
} from './channel-errors.js';
import type { ChannelOptions } from './channel-options.js';
import { type ClientPhase, ConnectionError } from './errors.js';
import { DueReplies } from './due-replies.js';
import type { ClientTimeouts } from './limits.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import { ReplyReader } from '../protocol/client/reply-reader.js';
import type { Shared, Deadlined } from './shared.js';
import { StepDeadline } from './step-deadline.js';
import { withoutArguments } from './transcript.js';

/** Receives what happens on a channel. */
export interface ChannelListener {
  /** Called with each reply that was due. */
  reply(reply: ReceivedReply): void;
  /**
   * Called if the channel closes for any other reason than {@link Channel.close} or {@link Channel.destroy}. No other
   * call follows.
   */
  lost(error: ConnectionError): void;
}

/**
 * One connection of a client: it sends octets and receives replies. It counts the replies that are due, and closes the
 * connection if the server sends anything else: octets that no command asked for, a reply before its command was sent,
 * or something that is not a reply. Its listener interprets the replies.
 */
export class Channel implements Deadlined {
  /** The client's present phase, for error messages. The listener sets it. */
  phase: ClientPhase = 'connect';
  #socket: Socket;
  readonly #reader: ReplyReader;
  readonly #replies = new DueReplies();
  #over = false;
  readonly #deadline: StepDeadline;
  #connecting: Connecting;
  #secured: (() => void) | null = null;
  /** Resumes {@link write}; null if the server keeps up with the content. */
  #blocked: (() => void) | null = null;
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  readonly #onReply = (reply: ReceivedReply): void => this.#reply(reply);

  /** Connects. The listener receives the greeting. */
  constructor(
    private readonly options: ChannelOptions,
    private readonly shared: Shared,
    public listener: ChannelListener,
  ) {
    const { redactor = null, timeout, timeouts } = options;
    this.#deadline = new StepDeadline(shared, timeout, timeouts);
    this.#reader = new ReplyReader({ redactor, toText: utf8 });
    this.#connecting = 'connect';
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#socket = options.implicitTls === true ? this.#openSecure() : this.#open();
    shared.watch(this);
  }

  /** Number of replies that have not come yet. */
  get due(): number {
    return this.#replies.count;
  }

  /** Whether the connection is closed. */
  get closed(): boolean {
    return this.#over;
  }

  /** Resolves when the connection is closed, by either side. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** The version of TLS; null on a plain connection. */
  get protocol(): string | null {
    return this.#socket instanceof TLSSocket ? this.#socket.getProtocol() : null;
  }

  /** Version and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`; null on a plain connection. */
  get cipher(): string | null {
    if (!(this.#socket instanceof TLSSocket)) return null;
    return `${this.#socket.getProtocol() ?? 'unknown'} ${this.#socket.getCipher().standardName}`;
  }

  /** Whether the certificate of the server is valid for its name. */
  get authorized(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.authorized;
  }

  /** Whether the handshake resumed a session. */
  get resumed(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.isSessionReused();
  }

  /** Number of octets that were given to {@link send} or {@link write} and have not left yet. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** Sets how long the server has from now on for each step. */
  allow(step: keyof ClientTimeouts): void {
    this.#deadline.allow(step);
  }

  /**
   * Closes the connection if the present message is not finished within so many milliseconds. Null removes the limit.
   */
  limitTo(milliseconds: number | null): void {
    this.#deadline.limitTo(milliseconds);
  }

  /**
   * Writes commands or content.
   *
   * @param octets text is sent as Latin-1
   * @param replies number of replies that they will bring
   */
  send(octets: string | Uint8Array, replies: number): void {
    this.#expect(replies);
    if (!this.#over) this.#socket.write(octets, 'latin1');
  }

  /** Writes commands, given without line ends; each brings one reply. Text beyond ASCII is sent as UTF-8. */
  sendCommands(commands: readonly string[]): void {
    const { transcript } = this.options;
    if (transcript !== undefined) {
      for (const command of commands) {
        transcript.sent(this.phase === 'auth' ? withoutArguments(command) : command);
      }
    }
    this.send(Buffer.from(`${commands.join('\r\n')}\r\n`), commands.length);
  }

  /** Writes pieces as {@link send} does, all in one write. */
  sendAll(pieces: readonly (string | Uint8Array)[], replies: number): void {
    this.#expect(replies);
    if (this.#over) return;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece, 'latin1');
    this.#socket.uncork();
  }

  /**
   * Writes a piece of content, which brings no reply. Resolves when the next piece may follow, or when the connection
   * is closed.
   */
  async write(octets: Uint8Array): Promise<void> {
    if (this.#over) return;
    if (this.#socket.write(octets)) return;
    await new Promise<void>((resolve) => {
      this.#deadline.restart();
      this.#blocked = resolve;
      this.#socket.once('drain', () => this.#unblock());
    });
  }

  /** Makes a TLS handshake on the connection, after the reply to STARTTLS. */
  secure(done: () => void): void {
    if (!this.#reader.idle) {
      // If an attacker added octets to the plain dialogue, the client would take them for the server's (RFC 3207 6).
      this.fail(
        new ConnectionError('protocol', 'octets came between the reply to STARTTLS and the handshake'),
      );
      return;
    }
    const plain = this.#socket;
    this.#connecting = 'tls';
    this.#deadline.restart();
    this.#secured = done;
    const socket = connectTls({ socket: plain, ...tlsOptionsOf(this.options) });
    this.#socket = socket;
    this.#attachSecure(socket);
    socket.on('secureConnect', () => {
      this.#connecting = null;
      this.#noteTls();
      // Octets that came together with the end of the handshake are read first: they cannot be the reply to EHLO.
      setImmediate(() => {
        if (!this.#over) this.#secured?.();
      });
    });
  }

  /** Closes the connection without a call of the listener. Octets that were sent before still leave. */
  close(): void {
    if (this.#over) return;
    this.#markClosed();
    // The server may never close its half and may never read. The client does not wait for that.
    const socket = this.#socket;
    if (socket.writableLength > 0) setTimeout(() => socket.destroy(), FLUSH_MS).unref();
    socket.destroySoon();
  }

  /** Closes the connection at once, without a call of the listener. */
  destroy(): void {
    if (this.#over) return;
    this.#markClosed();
    this.#socket.destroy();
  }

  /** Closes the connection at once, and calls `lost` of the listener. */
  fail(error: ConnectionError): void {
    if (this.#over) return;
    error.phase = this.phase;
    this.#markClosed();
    this.#socket.destroy();
    this.listener.lost(error);
  }

  /** Closes the connection at the client's own wish: calls {@link fail} with the fault `aborted`. */
  abort(): void {
    this.fail(new ConnectionError('aborted', 'the connection was aborted'));
  }

  /** Closes the connection because of a reply that must not come at this point. */
  reject(reply: ReceivedReply, awaited: string): void {
    const what = `a reply came that does not answer ${awaited}: ${reply.toString()}`;
    this.fail(Object.assign(new ConnectionError('protocol', what), { reply }));
  }

  /** @internal */
  sweep(): void {
    if (this.#deadline.messageOverdue) {
      this.fail(messageOverdueError());
      return;
    }
    if (!this.#deadline.stepOverdue) return;
    if (this.#connecting === null && this.#replies.count === 0 && this.#blocked === null) return;
    this.fail(stepOverdueError(this.#connecting, this.#replies.count, this.#deadline.seconds));
  }

  #expect(replies: number): void {
    if (this.#replies.count === 0) this.#deadline.restart();
    this.#replies.expect(replies);
  }

  #reply(reply: ReceivedReply): void {
    if (this.#over) return;
    this.options.transcript?.received(reply);
    if (!this.#replies.answerable) {
      this.fail(unexpectedReplyError(reply));
      return;
    }
    this.#replies.take();
    this.#deadline.restart();
    this.listener.reply(reply);
  }

  /** Reads octets from the server. For the parameter, see {@link DueReplies.beginRead}. */
  #read(octets: Buffer, turn: boolean): void {
    this.#replies.beginRead(turn);
    try {
      const fault = this.#reader.read(octets, this.#onReply);
      if (fault !== null) this.fail(new ConnectionError('protocol', fault.reason));
      else if (!this.#replies.answerable && !this.#reader.idle) {
        this.fail(new ConnectionError('protocol', 'octets came that no command asked for'));
      }
    } finally {
      if (!turn) this.#replies.endRead();
    }
  }

  #open(): Socket {
    const socket = connect({
      ...addressOf(this.options),
      noDelay: true,
      onread: {
        buffer: this.shared.buffer,
        callback: (length, buffer) => {
          if (socket === this.#socket) this.#read((buffer as Buffer).subarray(0, length), false);
          return !this.#over;
        },
      },
    });
    this.#attach(socket);
    socket.on('connect', () => this.#connected());
    return socket;
  }

  #openSecure(): Socket {
    const socket = connectTls({ ...addressOf(this.options), ...tlsOptionsOf(this.options) });
    socket.setNoDelay(true);
    this.#attachSecure(socket);
    socket.on('connect', () => {
      this.#connecting = 'tls';
      this.phase = 'tls';
      this.#deadline.restart();
      this.allow('greeting');
    });
    socket.on('secureConnect', () => {
      this.#noteTls();
      this.#connected();
    });
    return socket;
  }

  #noteTls(): void {
    this.options.transcript?.secured(this.cipher ?? 'unknown');
  }

  #connected(): void {
    this.#connecting = null;
    this.phase = 'greeting';
    this.#deadline.restart();
    this.allow('greeting');
  }

  #attachSecure(socket: TLSSocket): void {
    this.#attach(socket);
    socket.on('data', (octets: Buffer) => {
      if (!this.#over) this.#read(octets, true);
    });
    const sessions = this.options.tls?.sessions;
    if (sessions === undefined) return;
    socket.on('session', (session) => {
      sessions.last = session;
    });
  }

  #attach(socket: Socket): void {
    let cause: NodeJS.ErrnoException | null = null;
    const onEnd = (): void => {
      // If TLS runs over a plain socket, only the events of the TLS socket count.
      if (socket === this.#socket)
        this.fail(closedError(this.options, this.#connecting, this.#replies.count, cause));
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      cause = error;
      // Node reports an error of TLS after the handshake, and leaves the socket open.
      if (error.code?.startsWith('ERR_SSL_') === true) onEnd();
    });
    socket.on('end', onEnd);
    socket.on('close', onEnd);
  }

  #unblock(): void {
    const go = this.#blocked;
    this.#blocked = null;
    this.#deadline.restart();
    go?.();
  }

  #markClosed(): void {
    this.#over = true;
    this.#reader.stop();
    this.shared.forget(this);
    this.#unblock();
    this.#end();
  }
}

/** Decodes UTF-8 with Node's own decoder. Octets that are not UTF-8 become U+FFFD. */
function utf8(octets: Uint8Array, start: number, end: number): string {
  const buffer =
    octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  return buffer.toString('utf8', start, end);
}

/** How long octets that were sent before {@link Channel.close} have to leave, in milliseconds. */
const FLUSH_MS = 1000;
