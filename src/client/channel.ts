import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { addressOf, tlsOptionsOf } from './connect-options.js';
import { remoteFailure } from '../base/tls-words.js';
import type { ChannelOptions } from './channel-options.js';
import { type ClientPhase, ConnectionError } from './errors.js';
import { type ClientTimeouts, DEFAULT_CLIENT_TIMEOUTS } from './limits.js';
import type { ReceivedReply } from '../protocol/client/received-reply.js';
import { ReplyReader } from '../protocol/client/reply-reader.js';
import type { Shared, Deadlined } from './shared.js';
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
  /** Number of replies that are due. The greeting is the first. */
  #due = 1;
  /**
   * How many of the due replies the server can have sent by now. The server answers a command that the client sends
   * while it reads octets in a later read. So if a reply came in the same read, the server sent it before it had the
   * command (such as a 250 right after 354).
   */
  #answerable = 1;
  #answerableLater = 0;
  #reading = false;
  #over = false;
  /** The sweep at which the last step was made. */
  #stepBegan: number;
  /** Number of sweeps that the present step may take. */
  #limit: number;
  /** The sweep at which the present message has taken too long. */
  #until = Infinity;
  /** The step of the connection set-up that the channel waits for; null once replies may come. */
  #connecting: 'connect' | 'tls' | null;
  #secured: (() => void) | null = null;
  /** Resumes {@link write}; null if the server keeps up with the content. */
  #blocked: (() => void) | null = null;
  readonly #timeouts: ClientTimeouts;
  readonly #ended: Promise<void>;
  #end: () => void = () => undefined;
  readonly #onReply = (reply: ReceivedReply): void => this.#reply(reply);
  readonly #endOfTurn = (): void => {
    this.#reading = false;
    this.#answerable += this.#answerableLater;
    this.#answerableLater = 0;
  };

  /** Connects. The listener receives the greeting. */
  constructor(
    private readonly options: ChannelOptions,
    private readonly shared: Shared,
    public listener: ChannelListener,
  ) {
    const { timeout, timeouts = DEFAULT_CLIENT_TIMEOUTS, redactor = null } = options;
    this.#timeouts =
      timeout === undefined
        ? timeouts
        : { connect: timeout, greeting: timeout, command: timeout, end: timeout };
    this.#reader = new ReplyReader({ redactor, toText: utf8 });
    this.#limit = this.#sweeps('connect');
    this.#stepBegan = shared.tick;
    this.#connecting = 'connect';
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#socket = options.implicitTls === true ? this.#openSecure() : this.#open();
    shared.watch(this);
  }

  /** Number of replies that have not come yet. */
  get due(): number {
    return this.#due;
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
    this.#limit = this.#sweeps(step);
  }

  /**
   * Closes the connection if the present message is not finished within so many milliseconds. Null removes the limit.
   */
  limitTo(milliseconds: number | null): void {
    this.#until =
      milliseconds === null
        ? Infinity
        : this.shared.tick + Math.ceil(milliseconds / this.shared.resolution) + 1;
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
      this.#stepBegan = this.shared.tick;
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
    this.#stepBegan = this.shared.tick;
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
  sweep(tick: number): void {
    if (tick >= this.#until) {
      this.fail(new ConnectionError('timeout', 'the message took too long altogether', { cause: OVERDUE }));
      return;
    }
    if (tick - this.#stepBegan < this.#limit) return;
    if (this.#connecting === null && this.#due === 0 && this.#blocked === null) return;
    const what =
      this.#connecting === 'connect'
        ? 'a connection'
        : this.#connecting === 'tls'
          ? 'TLS'
          : this.#due > 0
            ? 'a reply'
            : 'progress of the content';
    const seconds = ((this.#limit - 1) * this.shared.resolution) / 1000;
    this.fail(
      new ConnectionError('timeout', `timed out after ${seconds} s without ${what}`, { cause: OVERDUE }),
    );
  }

  /** Returns the time of a step in sweeps. One sweep is added because the present one may be about to end. */
  #sweeps(step: keyof ClientTimeouts): number {
    return Math.ceil(this.#timeouts[step] / this.shared.resolution) + 1;
  }

  #expect(replies: number): void {
    if (this.#due === 0) this.#stepBegan = this.shared.tick;
    this.#due += replies;
    if (this.#reading) this.#answerableLater += replies;
    else this.#answerable += replies;
  }

  #reply(reply: ReceivedReply): void {
    if (this.#over) return;
    this.options.transcript?.received(reply);
    if (this.#answerable === 0) {
      this.#failUnexpected(reply);
      return;
    }
    this.#due--;
    this.#answerable--;
    this.#stepBegan = this.shared.tick;
    this.listener.reply(reply);
  }

  #failUnexpected(reply: ReceivedReply): void {
    // RFC 5321 3.8: a server may send 421 at any time, and must then close the connection.
    const fault = reply.code === 421 ? 'closed' : 'protocol';
    const what = `a reply came that no command asked for: ${reply.toString()}`;
    this.fail(Object.assign(new ConnectionError(fault, what), { reply }));
  }

  /**
   * Reads octets from the server.
   *
   * @param turn true if commands that are sent until the end of this turn of the event loop are answered in a later
   * read
   */
  #read(octets: Buffer, turn: boolean): void {
    if (turn && !this.#reading) setImmediate(this.#endOfTurn);
    this.#reading = true;
    try {
      const fault = this.#reader.read(octets, this.#onReply);
      if (fault !== null) this.fail(new ConnectionError('protocol', fault.reason));
      else if (this.#answerable === 0 && !this.#reader.idle) {
        this.fail(new ConnectionError('protocol', 'octets came that no command asked for'));
      }
    } finally {
      if (!turn) this.#endOfTurn();
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
      this.#stepBegan = this.shared.tick;
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
    this.#stepBegan = this.shared.tick;
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
    const ended = (): void => {
      // If TLS runs over a plain socket, only the events of the TLS socket count.
      if (socket === this.#socket) this.fail(this.#closed(cause));
    };
    socket.on('error', (error: NodeJS.ErrnoException) => {
      cause = error;
      // Node reports an error of TLS after the handshake, and leaves the socket open.
      if (error.code?.startsWith('ERR_SSL_') === true) ended();
    });
    socket.on('end', ended);
    socket.on('close', ended);
  }

  #closed(cause: NodeJS.ErrnoException | null): ConnectionError {
    const { host, port, path } = this.options;
    const why = cause === null ? '' : `: ${remoteFailure(cause)}`;
    const options = cause === null ? {} : { cause };
    const where = path ?? `${host} port ${port}`;
    if (this.#connecting === 'connect') {
      return new ConnectionError('connect', `no connection to ${where}${why}`, options);
    }
    if (this.#connecting === 'tls') {
      return new ConnectionError('tls', `no TLS with ${where}${why}`, options);
    }
    const what = this.#due > 0 ? 'before it replied' : 'while no reply was due';
    return new ConnectionError('closed', `the server closed the connection ${what}${why}`, options);
  }

  #unblock(): void {
    const go = this.#blocked;
    this.#blocked = null;
    this.#stepBegan = this.shared.tick;
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

const OVERDUE = Object.assign(new Error('it did not answer in time'), { code: 'ETIMEDOUT' });
