import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsSource } from './tls-source.js';
import { ClientFault } from '../../base/client-fault.js';
import { handshakeFailure } from '../../base/tls-words.js';
import { FIXED } from '../limits.js';
import { attachToEnd, replaceListener, release, type SocketListener } from '../connection/socket.js';

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
  readonly #pending = new Map<string, Handshake>();

  /** @param asksClients whether clients are asked for a certificate. Whatever they show, the handshake goes on. */
  constructor(certificates: TlsSource, asksClients = false) {
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
    const handshake = new Handshake(socket, this, done);
    attachToEnd(socket, handshake);
    handshake.begin(early);
  }

  /**
   * Does the same after STARTTLS, for a socket that is attached already. Octets before the ClientHello are dropped,
   * whole lines and parts of lines: they were sent in plain text, by the client or by an attacker in between (RFC 3207
   * 4.2). They have no effect, however they are cut into packets.
   */
  handshakeAfterPlain(socket: Socket, early: Uint8Array, done: Done): void {
    const handshake = new Handshake(socket, this, done);
    replaceListener(socket, handshake);
    socket.resume();
    if (early.length > 0) handshake.octets(early);
  }

  /** @internal */
  take(socket: Socket, handshake: Handshake): string {
    const endpoints = endpointsOf(socket);
    this.#pending.set(endpoints, handshake);
    this.#server.emit('connection', socket);
    return endpoints;
  }

  /** @internal By now the same endpoints may be those of a connection after it. */
  forget(endpoints: string, handshake: Handshake): void {
    if (this.#pending.get(endpoints) === handshake) this.#pending.delete(endpoints);
  }

  close(): void {
    this.#unfollow();
  }

  #settle(endpoints: string, result: TLSSocket | Error): void {
    const handshake = this.#pending.get(endpoints);
    if (handshake !== undefined) handshake.settle(result);
    else if (!(result instanceof Error)) result.destroy();
  }
}

/** A plain socket on its way through a handshake. */
class Handshake implements SocketListener {
  /** By which the gate knows it; null before the ClientHello. */
  #endpoints: string | null = null;
  #dropped = 0;
  #over = false;

  constructor(
    private readonly socket: Socket,
    private readonly gate: TlsGate,
    private readonly done: Done,
  ) {}

  /** @param early octets that were read already, from the ClientHello on */
  begin(early: Uint8Array): void {
    const { socket } = this;
    // Half a connection has no handshake. The TLS socket takes this over from the plain one.
    socket.allowHalfOpen = false;
    if (early.length > 0) {
      // Without the pause, the socket's listener would get the octets.
      socket.pause();
      socket.unshift(early);
    }
    this.#endpoints = this.gate.take(socket, this);
  }

  /** Receives the plain text before the ClientHello. */
  octets(octets: Uint8Array): void {
    // The octets that were put back for the TLS socket arrive here as well.
    if (this.#endpoints !== null) return;
    const hello = octets.indexOf(TLS_HANDSHAKE);
    this.#dropped += hello < 0 ? octets.length : hello;
    if (this.#dropped > FIXED.beforeClientHello.initial) {
      this.settle(new ClientFault('the client sent no TLS handshake after STARTTLS'));
    } else if (hello >= 0) {
      this.begin(hello === 0 ? octets : octets.subarray(hello));
    }
  }

  ended(): void {
    this.closed();
  }

  drained(): void {
    // The reply to STARTTLS was the last plain text; TLS waits for it by itself.
  }

  failed(): void {
    // The close event follows, and settles what there is to settle.
  }

  closed(): void {
    const when = this.#endpoints === null ? 'after STARTTLS' : 'in the TLS handshake';
    this.settle(new ClientFault(`the client closed the connection ${when}`));
  }

  settle(result: TLSSocket | Error): void {
    if (this.#over) return;
    this.#over = true;
    release(this.socket);
    if (this.#endpoints !== null) this.gate.forget(this.#endpoints, this);
    this.done(result);
  }
}

/** The gates of a server, each made when the first port needs it. */
export class TlsGates {
  readonly #gates = new Map<boolean, TlsGate>();

  constructor(private readonly certificates: TlsSource) {}

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
