import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.js';
import { handshakeFailure } from './tls-failure.js';
import { FIXED } from './limits.js';

/** First octet of a TLS record that holds a handshake message, so of every ClientHello: RFC 8446 5.1. */
export const TLS_HANDSHAKE = 0x16;

type Done = (result: TLSSocket | Error) => void;

/**
 * Takes plain sockets through a TLS handshake.
 *
 * One `tls.Server` that listens to nothing does them all, so that tickets, server names and reloads work as
 * Node's own server has them; sockets are handed to it by its `connection` event.
 */
export class TlsGate {
  readonly #server: Server;
  readonly #unfollow: () => void;
  /** Sockets in handshake, by their endpoints: what a `TLSSocket` and its socket have in common. */
  readonly #pending = new Map<string, Done>();

  /** @param asksClients whether clients are asked for a certificate. Whatever they show, the handshake goes on. */
  constructor(certificates: Certificates, asksClients = false) {
    this.#server = createServer({
      ...certificates.serverOptions({ asksClients }),
      requestCert: asksClients,
      // Node would close without a word. The connection has one to say.
      rejectUnauthorized: false,
      // The connection's own deadline is shorter, and covers a client that trickles.
      handshakeTimeout: 10 * 60_000,
    });
    this.#unfollow = certificates.follow(this.#server, { asksClients });
    this.#server.on('secureConnection', (socket) => {
      // From here on a client may end its half and still read replies.
      socket.allowHalfOpen = true;
      this.#settle(endpointsOf(socket), socket);
    });
    this.#server.on('tlsClientError', (error, socket) => {
      this.#settle(endpointsOf(socket), handshakeFailure(error));
    });
  }

  /** Hands the socket to TLS at once. `done` is called once; after an error the socket is of no use. */
  handshake(socket: Socket, early: Uint8Array, done: Done): void {
    const endpoints = endpointsOf(socket);
    this.#pending.set(endpoints, done);
    socket.on('error', ignore);
    socket.once('close', () => {
      // By now the same endpoints may be those of a connection after it.
      if (this.#pending.get(endpoints) !== done) return;
      this.#settle(endpoints, new Error('the client closed the connection in the TLS handshake'));
    });
    socket.pause();
    // Half a connection has no handshake. The TLS socket takes this over from the plain one.
    socket.allowHalfOpen = false;
    if (early.length > 0) socket.unshift(early);
    this.#server.emit('connection', socket);
  }

  /**
   * The same after STARTTLS: whatever comes before the ClientHello is dropped, whole lines and parts of
   * lines. It was sent in plain text, by the client or by somebody in between (RFC 3207 4.2), and neither
   * has any business there. Dropping it however it is cut into packets makes it have no effect.
   */
  handshakeAfterPlain(socket: Socket, early: Uint8Array, done: Done): void {
    let dropped = 0;
    const finish = (): void => {
      socket.off('data', look);
      socket.off('close', closed);
      socket.off('end', closed);
    };
    const closed = (): void => {
      finish();
      done(new Error('the client closed the connection after STARTTLS'));
    };
    const look = (octets: Uint8Array): void => {
      const hello = octets.indexOf(TLS_HANDSHAKE);
      dropped += hello < 0 ? octets.length : hello;
      if (dropped > FIXED.beforeClientHello.initial) {
        finish();
        done(new Error('the client sent no TLS handshake after STARTTLS'));
      } else if (hello >= 0) {
        finish();
        this.handshake(socket, octets.subarray(hello), done);
      }
    };
    socket.on('error', ignore);
    socket.on('close', closed);
    socket.on('end', closed);
    socket.on('data', look);
    socket.resume();
    if (early.length > 0) look(early);
  }

  close(): void {
    this.#unfollow();
  }

  #settle(endpoints: string, result: TLSSocket | Error): void {
    const done = this.#pending.get(endpoints);
    this.#pending.delete(endpoints);
    if (done !== undefined) done(result);
    else if (!(result instanceof Error)) result.destroy();
  }
}

/** The gates of a server, each made when the first port needs it. */
export class TlsGates {
  readonly #gates = new Map<boolean, TlsGate>();

  constructor(private readonly certificates: Certificates) {}

  /** The gate that asks clients for a certificate, or the one that does not. */
  get(asksClients: boolean): TlsGate {
    const gate = this.#gates.get(asksClients) ?? new TlsGate(this.certificates, asksClients);
    this.#gates.set(asksClients, gate);
    return gate;
  }

  close(): void {
    for (const gate of this.#gates.values()) gate.close();
  }
}

function endpointsOf(socket: Socket): string {
  const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`;
}

function ignore(): void {
  // The close event follows, and settles what there is to settle.
}
