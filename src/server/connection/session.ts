import type { Socket } from 'node:net';
import {
  type Hello,
  type Profile,
  ServerSession,
  type XclientAttributes,
  type XforwardAttributes,
} from '../../protocol/index.js';
import type { Envelope, Recipient, Session, TlsFacts } from '../handler.js';
import type { Admission, Seat } from '../admission/admission.js';
import type { LocalEnd } from '../admission/local-address.js';
import { isObject } from '../../base/check-shape.js';
import { networkOf, plainAddress } from '../../base/networks.js';
import { shown } from '../../base/shown.js';
import { isPromise } from '../platform/promise.js';
import type { ProxiedEndpoints } from '../admission/proxy-header.js';
import { endpointsAfter } from '../admission/relay.js';
import { linkOf, tlsFacts } from '../tls/facts.js';

/** The members that are shown. */
const PUBLIC = [
  ...(['id', 'remoteAddress', 'remotePort', 'remoteName', 'localAddress', 'localPort'] as const),
  ...(['tls', 'hello', 'principal', 'envelope', 'origin', 'state'] as const),
];

/** The parts of a listener that the sessions of its clients share. */
export interface SessionContext {
  /** The server's own name. */
  readonly hostname: string;
  /** Returns how the session of a client behaves. */
  readonly profileFor: (address: string) => Profile;
  /** Makes the object that an embedder keeps with a session. */
  readonly state: () => object;
  readonly localEnd: LocalEnd;
  readonly admission: Admission;
}

/** The part of a connection that its session uses. */
interface Connected {
  /** The socket that octets travel over now. */
  readonly socket: Socket;
  /** Ends the connection at once. */
  destroy(): void;
}

/** The session as handlers, limits and the log see it: the facts about one client, and the end of its connection. */
export class ConnectionSession<Principal> implements Session<Principal> {
  readonly protocol: ServerSession<Principal>;
  /** Accepted recipients of the open transaction. */
  recipients: Recipient[] = [];
  /** The attributes of XFORWARD for the next message, or for the open one. */
  origin: XforwardAttributes | null = null;
  remoteName: string | null = null;
  #over = false;
  #endpoints: ProxiedEndpoints;
  #tls: TlsFacts | null;
  /** Made when it is first used, as most connections never need it. */
  #state: object | null = null;
  #gone: AbortController | null = null;

  /**
   * @param seat left when the connection is over.
   * @param proxied what a PROXY header said of the endpoints, or null
   */
  constructor(
    readonly id: string,
    readonly seat: Seat,
    socket: Socket,
    proxied: ProxiedEndpoints | null,
    private readonly context: SessionContext,
    private readonly connection: Connected,
  ) {
    this.#endpoints = proxied ?? endpointsOf(socket, context.localEnd);
    this.#tls = tlsFacts(socket);
    const { remoteAddress } = this.#endpoints;
    this.protocol = new ServerSession(context.profileFor(remoteAddress), remoteAddress, linkOf(this.#tls));
  }

  /** As admission counts it. */
  get network(): string {
    return this.seat.network;
  }

  get hostname(): string {
    return this.context.hostname;
  }

  get remoteAddress(): string {
    return this.#endpoints.remoteAddress;
  }

  get remotePort(): number {
    return this.#endpoints.remotePort;
  }

  get localAddress(): string {
    return this.#endpoints.localAddress;
  }

  get localPort(): number {
    return this.#endpoints.localPort;
  }

  get tls(): TlsFacts | null {
    return this.#tls;
  }

  get hello(): Hello | null {
    return this.protocol.hello;
  }

  get principal(): Principal | null {
    const { identity } = this.protocol;
    return identity.kind === 'authenticated' ? identity.principal : null;
  }

  get envelope(): Envelope | null {
    const { transaction } = this.protocol;
    if (transaction === null) return null;
    const { reversePath, parameters } = transaction;
    return { reversePath, parameters, recipients: this.recipients };
  }

  get state(): object {
    return (this.#state ??= checkedState(this.context.state()));
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    // If it is asked for only after the end, it is aborted already.
    if (this.#over) this.#abort();
    return this.#gone.signal;
  }

  /** The socket that octets travel over now. */
  get socket(): Socket {
    return this.connection.socket;
  }

  /** The connection is over. */
  get over(): boolean {
    return this.#over;
  }

  disconnect(): void {
    this.connection.destroy();
  }

  /** Shows what handlers see, and nothing that the client has sent besides: JSON of a log, and `console.log`. */
  toJSON(): object {
    return Object.fromEntries(PUBLIC.map((name) => [name, this[name]]));
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON();
  }

  /** Lets a trusted relay speak for this client from here on. Returns false if the client may not come in. */
  assume(client: XclientAttributes): boolean {
    const endpoints = endpointsAfter(this.#endpoints, client);
    const network = networkOf(endpoints.remoteAddress, this.context.admission.limits);
    if (!this.seat.move(network)) return false;
    this.#endpoints = endpoints;
    this.remoteName = client.name ?? null;
    this.protocol.address = endpoints.remoteAddress;
    return true;
  }

  /** Notes that the client speaks TLS from here on, over this socket. */
  secured(socket: Socket): void {
    this.#tls = tlsFacts(socket);
  }

  /** Notes that the connection is over, and aborts what was begun for its client. */
  end(): void {
    this.#over = true;
    this.#abort();
  }

  #abort(): void {
    this.#gone?.abort(new Error('the connection is over'));
  }
}

/** @throws TypeError if it is no object; or a promise, whose members would be missing without a word. */
function checkedState(state: unknown): object {
  if (isObject(state) === null && !isPromise(state)) return state as object;
  throw new TypeError(`state: expected an object, got ${shown(state)}`);
}

function endpointsOf(socket: Socket, localEnd: LocalEnd): ProxiedEndpoints {
  const { address, port } = localEnd.of(socket);
  return {
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: address,
    localPort: port,
  };
}
