import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Fault } from '../../base/fault.js';
import type { Deadlined, Deadlines } from './deadlines.js';
import { parseProxyHeader, type ProxiedEndpoints } from '../admission/proxy-header.js';
import type { Seat } from '../admission/admission.js';
import { TLS_HANDSHAKE, type TlsGate } from '../tls/gate.js';
import { writeAndClose } from '../listener.js';
import type { TlsHabits } from '../admission/tls-habits.js';

/** The parts of a listener that an arrival needs. */
export interface ArrivalContext {
  readonly tls: 'starttls' | 'implicit' | 'detect' | 'off';
  readonly tlsDetectMs: number;
  /** With `detect`: what is known of the clients' networks. */
  readonly habits: TlsHabits;
  /** Null where TLS is not on offer. */
  readonly gate: TlsGate | null;
  /** Sent to a connection whose PROXY header is malformed; may be empty. */
  readonly proxyRefusal: string;
  /** Milliseconds for a PROXY header, and again for a handshake. */
  readonly handshakeMs: number;
  readonly deadlines: Deadlines;
  /** Admits the client that a proxy named; false if that client may not come in. */
  readonly readmit: (arrival: Arrival, endpoints: ProxiedEndpoints) => boolean;
  /** The connection can be greeted; `early` are octets that the client sent before. */
  readonly greet: (arrival: Arrival, socket: Socket, early: Uint8Array | null) => void;
  /** It came to nothing. */
  readonly failed: (arrival: Arrival, error: Error | null) => void;
}

/**
 * A client from the moment it connects until it can be greeted: reads the PROXY header, detects whether the client
 * wants TLS at once, and takes it through the handshake.
 *
 *     connected ──► [PROXY header] ──► [first octet, or a short wait] ──► [TLS handshake] ──► greeted
 *
 * A client of implicit TLS speaks first, an SMTP client waits for the greeting. So if both come to one port, the
 * greeting waits a little, and the first octet decides: no SMTP command starts with 0x16. It does not wait if the
 * client's network is known for plain connections ({@link TlsHabits}).
 */
export class Arrival implements Deadlined {
  /** Set if a proxy sent them: the addresses of the client and of the server that it connected to. */
  endpoints: ProxiedEndpoints | null = null;
  watchedAt = -1;
  /** Its place among those that its server lists; -1 outside. */
  listedAt = -1;

  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #deadline = Infinity;
  #late = 'the TLS handshake took too long';
  #listening: ((octets: Buffer) => void) | null = null;
  #over = false;

  /** @param seat exchanged for another when a proxy has named the client. */
  constructor(
    readonly socket: Socket,
    public seat: Seat,
    private readonly context: ArrivalContext,
  ) {}

  /** @param proxied whether it comes from a proxy, and begins with what that says. */
  begin(proxied: boolean): void {
    if (proxied) this.#readProxyHeader();
    else this.#chooseLink(null);
  }

  /** Gives the client up. */
  destroy(error: Error | null): void {
    this.#ignore();
    this.socket.destroy();
    if (this.#finish()) this.context.failed(this, error);
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.destroy(new Error(this.#late));
  }

  // ---- the PROXY header

  #readProxyHeader(): void {
    let held: Buffer = Buffer.alloc(0);
    this.#expire('the PROXY header took too long');
    this.#listen((octets) => {
      held = held.length === 0 ? octets : Buffer.concat([held, octets]);
      const header = parseProxyHeader(held);
      if (header instanceof Fault) {
        this.#refuseHeader(new Error(`PROXY protocol: ${header.reason}`));
        return;
      }
      if (header.kind === 'more') return;
      this.#ignore();
      if (header.kind === 'proxied') {
        this.endpoints = header.endpoints;
        if (!this.context.readmit(this, header.endpoints)) {
          this.#finish();
          return;
        }
      }
      const early = held.subarray(header.length);
      this.#chooseLink(early.length === 0 ? null : early);
    });
  }

  #refuseHeader(error: Error): void {
    const { proxyRefusal } = this.context;
    if (proxyRefusal === '') {
      this.destroy(error);
      return;
    }
    this.#ignore();
    writeAndClose(this.socket, proxyRefusal);
    if (this.#finish()) this.context.failed(this, error);
  }

  // ---- plain or TLS

  #chooseLink(early: Buffer | null): void {
    const { tls, tlsDetectMs } = this.context;
    if (tls === 'implicit') this.#handshake(early);
    else if (tls !== 'detect') this.#greet(this.socket, early);
    else if (early !== null) this.#byFirstOctet(early);
    else if (this.context.habits.expectsPlain(this.seat.network)) this.#greet(this.socket, null);
    else {
      this.#listen((octets) => {
        this.#byFirstOctet(octets);
      });
      this.#timer = setTimeout(() => {
        // Timers come before input in a turn of the loop: after a long turn the first octet may be here
        // already, and must be heard before the silence is believed.
        this.#immediate = setImmediate(() => {
          this.#ignore();
          this.#greet(this.socket, null);
        });
      }, tlsDetectMs);
    }
  }

  #byFirstOctet(octets: Buffer): void {
    this.#ignore();
    if (octets[0] === TLS_HANDSHAKE) {
      this.context.habits.tls(this.seat.network);
      this.#handshake(octets);
    } else this.#greet(this.socket, octets);
  }

  #handshake(early: Buffer | null): void {
    const { gate } = this.context;
    if (gate === null) {
      this.destroy(new Error('the client speaks TLS, and this server has no certificate'));
      return;
    }
    this.#expire('the TLS handshake took too long');
    gate.handshake(this.socket, early ?? NOTHING, (result: TLSSocket | Error) => {
      if (result instanceof Error) this.destroy(result);
      else this.#greet(result, null);
    });
  }

  #greet(socket: Socket, early: Buffer | null): void {
    if (this.#finish()) this.context.greet(this, socket, early);
    else socket.destroy();
  }

  // ---- small steps

  #expire(late: string): void {
    this.#late = late;
    this.#deadline = this.context.deadlines.clock() + this.context.handshakeMs;
    this.context.deadlines.watch(this);
  }

  #listen(hear: (octets: Buffer) => void): void {
    this.#listening = hear;
    this.socket.on('data', hear);
    this.socket.on('end', this.#gone);
    this.socket.on('close', this.#gone);
    this.socket.on('error', this.#gone);
  }

  #ignore(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = this.#immediate = null;
    if (this.#listening === null) return;
    this.socket.off('data', this.#listening);
    this.socket.off('end', this.#gone);
    this.socket.off('close', this.#gone);
    this.socket.off('error', this.#gone);
    this.#listening = null;
  }

  readonly #gone = (): void => {
    this.destroy(null);
  };

  #finish(): boolean {
    const first = !this.#over;
    this.#over = true;
    this.context.deadlines.forget(this);
    return first;
  }
}

const NOTHING = Buffer.alloc(0);
