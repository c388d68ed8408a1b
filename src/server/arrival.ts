import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Deadlined, Deadlines } from './deadlines.js';
import { TLS_HANDSHAKE, type TlsGate } from './tls-gate.js';

/** What an arrival needs of its listener. */
export interface ArrivalContext {
  readonly tls: 'starttls' | 'implicit' | 'detect' | 'off';
  readonly tlsDetectMs: number;
  /** Null where TLS is not on offer. */
  readonly gate: TlsGate | null;
  readonly handshakeMs: number;
  readonly deadlines: Deadlines;
  /** The connection can be greeted; `early` are octets that the client sent before. */
  readonly greet: (arrival: Arrival, socket: Socket, early: Uint8Array | null) => void;
  /** It came to nothing. */
  readonly failed: (arrival: Arrival, error: Error | null) => void;
}

/**
 * A client from the moment it connects until it can be greeted: finds out whether it wants TLS at once, and
 * takes it through the handshake.
 *
 * A client of implicit TLS speaks first, an SMTP client waits for the greeting. So where both come to one
 * port, the greeting waits a little, and the first octet tells: no SMTP command starts with 0x16.
 */
export class Arrival implements Deadlined {
  #timer: NodeJS.Timeout | null = null;
  #deadline = Infinity;
  #over = false;

  constructor(
    readonly socket: Socket,
    readonly network: string,
    private readonly context: ArrivalContext,
  ) {}

  begin(): void {
    const { tls, tlsDetectMs } = this.context;
    if (tls === 'implicit') this.#handshake(new Uint8Array(0));
    else if (tls === 'detect' && tlsDetectMs > 0) this.#detect(tlsDetectMs);
    else this.#greet(this.socket, null);
  }

  /** Gives the client up. */
  destroy(error: Error | null): void {
    this.#stopDetecting();
    this.socket.destroy();
    if (this.#finish()) this.context.failed(this, error);
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.destroy(new Error('the TLS handshake took too long'));
  }

  #detect(ms: number): void {
    this.socket.on('data', this.#first);
    this.socket.on('end', this.#gone);
    this.socket.on('close', this.#gone);
    this.socket.on('error', this.#gone);
    this.#timer = setTimeout(() => {
      this.#stopDetecting();
      this.#greet(this.socket, null);
    }, ms);
  }

  readonly #first = (octets: Uint8Array): void => {
    this.#stopDetecting();
    if (octets[0] === TLS_HANDSHAKE) this.#handshake(octets);
    else this.#greet(this.socket, octets);
  };

  readonly #gone = (): void => {
    this.destroy(null);
  };

  #stopDetecting(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.socket.off('data', this.#first);
    this.socket.off('end', this.#gone);
    this.socket.off('close', this.#gone);
    this.socket.off('error', this.#gone);
  }

  #handshake(early: Uint8Array): void {
    const { gate, deadlines, handshakeMs } = this.context;
    if (gate === null) {
      this.destroy(new Error('the client speaks TLS, and this server has no certificate'));
      return;
    }
    this.#deadline = deadlines.clock() + handshakeMs;
    deadlines.watch(this);
    gate.handshake(this.socket, early, (result: TLSSocket | Error) => {
      if (result instanceof Error) this.destroy(result);
      else this.#greet(result, null);
    });
  }

  #greet(socket: Socket, early: Uint8Array | null): void {
    if (this.#finish()) this.context.greet(this, socket, early);
    else socket.destroy();
  }

  #finish(): boolean {
    const first = !this.#over;
    this.#over = true;
    this.context.deadlines.forget(this);
    return first;
  }
}
