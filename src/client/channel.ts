import type { Buffer } from 'node:buffer';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { ConnectionError } from './errors.js';
import type { ReceivedReply } from './received-reply.js';
import { ReplyReader } from './reply-reader.js';
import type { Shared, Waiting } from './shared.js';

/** Who speaks over a channel. */
export interface ChannelListener {
  /** A reply that was waited for. */
  reply(reply: ReceivedReply): void;
  /** The channel is closed, and not by {@link Channel.close}; nothing comes after this. */
  lost(error: ConnectionError): void;
}

export interface ChannelOptions {
  readonly host: string;
  readonly port: number;
  /** Where the host is, for who has looked it up already; at least one. Default: it is looked up. */
  readonly addresses?: readonly string[] | undefined;
  /** TLS from the first octet. Default: false. */
  readonly implicitTls?: boolean;
  readonly tls?: TlsTerms;
  /** Milliseconds for the connection, for each reply, and for a handshake. Default: 5 minutes (RFC 5321 4.5.3.2). */
  readonly timeout?: number;
}

/** What is asked of TLS. */
export interface TlsTerms {
  /** Whether the server's certificate must be good for the host. Default: true. */
  readonly verify?: boolean;
  /** PEM certificates of who may vouch for it. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** Where the session of one handshake is kept for the next one. Default: none is resumed. */
  readonly sessions?: TlsSessions;
}

/** The last TLS session of a server, to be resumed. */
export interface TlsSessions {
  last: Buffer | null;
}

const DEFAULT_TIMEOUT = 5 * 60_000;

/**
 * One connection of a client: octets out, replies in. It counts what replies are due and says so where one
 * comes that is not, or none in time; what the replies mean is for its listener.
 */
export class Channel implements Waiting {
  #socket: net.Socket;
  readonly #reader = new ReplyReader();
  /** Replies that are due; the greeting is the first. */
  #due = 1;
  #over = false;
  /** The sweep at which the last step was made. */
  #since: number;
  readonly #patience: number;
  /** What is waited for, while no reply is. */
  #connecting: 'connect' | 'tls' | null;
  #secured: (() => void) | null = null;
  readonly #heard = (reply: ReceivedReply): void => this.#reply(reply);

  /** Connects. The listener hears the greeting. */
  constructor(
    private readonly options: ChannelOptions,
    private readonly shared: Shared,
    public listener: ChannelListener,
  ) {
    const { timeout = DEFAULT_TIMEOUT } = options;
    // One sweep more: the present one may be about to end.
    this.#patience = Math.ceil(timeout / shared.resolution) + 1;
    this.#since = shared.tick;
    this.#connecting = 'connect';
    this.#socket = options.implicitTls === true ? this.#openSecure() : this.#open();
    shared.watch(this);
  }

  /** Replies that were not heard yet. */
  get due(): number {
    return this.#due;
  }

  /** What TLS came to; null on a plain connection. */
  get protocol(): string | null {
    return this.#socket instanceof tls.TLSSocket ? this.#socket.getProtocol() : null;
  }

  /** Whether the handshake resumed a session. */
  get resumed(): boolean {
    return this.#socket instanceof tls.TLSSocket && this.#socket.isSessionReused();
  }

  /** Writes commands, or content. @param replies that they will bring. Text is Latin-1. */
  send(octets: string | Uint8Array, replies: number): void {
    this.#expect(replies);
    if (!this.#over) this.#socket.write(octets, 'latin1');
  }

  /** The same for pieces, which leave in one write. */
  sendAll(pieces: readonly (string | Uint8Array)[], replies: number): void {
    this.#expect(replies);
    if (this.#over) return;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece, 'latin1');
    this.#socket.uncork();
  }

  /** Takes the connection through a TLS handshake, the reply to STARTTLS having been heard. */
  secure(done: () => void): void {
    if (!this.#reader.idle) {
      // Whoever can add octets to the plain dialogue would have them taken for the server's (RFC 3207 6).
      this.#fail(
        new ConnectionError('protocol', 'octets came between the reply to STARTTLS and the handshake'),
      );
      return;
    }
    const plain = this.#socket;
    this.#connecting = 'tls';
    this.#since = this.shared.tick;
    this.#secured = done;
    const socket = tls.connect({ socket: plain, ...this.#tlsOptions() });
    this.#socket = socket;
    this.#attachSecure(socket);
    socket.on('secureConnect', () => {
      this.#connecting = null;
      this.#secured?.();
    });
  }

  /** Ends the connection; the listener hears nothing more. Octets that were sent still leave. */
  close(): void {
    if (this.#over) return;
    this.#leave();
    // Who is being heard still may not be waited for: the peer may never close.
    this.#socket.destroySoon();
  }

  /** @internal */
  sweep(tick: number): void {
    if (tick - this.#since < this.#patience) return;
    if (this.#connecting === null && this.#due === 0) return;
    const what =
      this.#connecting === 'connect' ? 'a connection' : this.#connecting === 'tls' ? 'TLS' : 'a reply';
    const seconds = ((this.#patience - 1) * this.shared.resolution) / 1000;
    this.#fail(new ConnectionError('timeout', `waited ${seconds} s in vain for ${what}`));
  }

  #expect(replies: number): void {
    if (this.#due === 0) this.#since = this.shared.tick;
    this.#due += replies;
  }

  #reply(reply: ReceivedReply): void {
    if (this.#over) return;
    if (this.#due === 0) {
      // RFC 5321 3.8: a server may say 421 at any time, and must then close.
      const fault = reply.code === 421 ? 'closed' : 'protocol';
      this.#fail(new ConnectionError(fault, `a reply came that nothing had asked for: ${reply.toString()}`));
      return;
    }
    this.#due--;
    this.#since = this.shared.tick;
    this.listener.reply(reply);
  }

  #read(octets: Buffer): void {
    try {
      this.#reader.read(octets, this.#heard);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#fail(error);
    }
  }

  #open(): net.Socket {
    const socket = net.connect({
      ...this.#place(),
      noDelay: true,
      onread: {
        buffer: this.shared.buffer,
        callback: (length, buffer) => {
          if (socket === this.#socket) this.#read((buffer as Buffer).subarray(0, length));
          return true;
        },
      },
    });
    this.#attach(socket);
    socket.on('connect', () => {
      this.#connecting = null;
    });
    return socket;
  }

  #openSecure(): net.Socket {
    const socket = tls.connect({ ...this.#place(), ...this.#tlsOptions() });
    socket.setNoDelay(true);
    this.#attachSecure(socket);
    socket.on('connect', () => {
      this.#connecting = 'tls';
    });
    socket.on('secureConnect', () => {
      this.#connecting = null;
    });
    return socket;
  }

  #place(): net.TcpNetConnectOpts {
    const { host, port, addresses } = this.options;
    return { host, port, ...(addresses === undefined ? {} : { lookup: known(addresses) }) };
  }

  #tlsOptions(): tls.ConnectionOptions {
    const { host, tls: terms = {} } = this.options;
    const session = terms.sessions?.last ?? null;
    return {
      rejectUnauthorized: terms.verify !== false,
      // RFC 6066 3: an address is no server name.
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      ...(terms.ca === undefined ? {} : { ca: terms.ca }),
      ...(session === null ? {} : { session }),
    };
  }

  #attachSecure(socket: tls.TLSSocket): void {
    this.#attach(socket);
    socket.on('data', (octets: Buffer) => {
      this.#read(octets);
    });
    const sessions = this.options.tls?.sessions;
    if (sessions === undefined) return;
    socket.on('session', (session) => {
      sessions.last = session;
    });
  }

  #attach(socket: net.Socket): void {
    let cause: NodeJS.ErrnoException | null = null;
    socket.on('error', (error) => {
      cause = error;
    });
    const ended = (): void => {
      // A plain socket that TLS runs over has no more to say for itself.
      if (socket === this.#socket) this.#fail(this.#closed(cause));
    };
    socket.on('end', ended);
    socket.on('close', ended);
  }

  #closed(cause: NodeJS.ErrnoException | null): ConnectionError {
    const { host, port } = this.options;
    const why = cause === null ? '' : `: ${cause.message}`;
    const options = cause === null ? {} : { cause };
    if (this.#connecting === 'connect') {
      return new ConnectionError('connect', `no connection to ${host} port ${port}${why}`, options);
    }
    if (this.#connecting === 'tls') {
      return new ConnectionError('tls', `no TLS with ${host} port ${port}${why}`, options);
    }
    const what = this.#due > 0 ? 'before it replied' : 'while nothing was asked of it';
    return new ConnectionError('closed', `the server closed the connection ${what}${why}`, options);
  }

  #fail(error: ConnectionError): void {
    if (this.#over) return;
    this.#leave();
    this.#socket.destroy();
    this.listener.lost(error);
  }

  #leave(): void {
    this.#over = true;
    this.shared.forget(this);
  }
}

/** A look-up that knows the answer. */
function known(addresses: readonly string[]): net.LookupFunction {
  const all = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (host, { all: wantsAll }, answer) => {
    const [first] = all;
    if (first === undefined) answer(new Error(`no address of ${host} is known`), '');
    else if (wantsAll === true) answer(null, all);
    else answer(null, first.address, first.family);
  };
}
