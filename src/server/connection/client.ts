import type { Socket } from 'node:net';
import {
  type Hello,
  type Profile,
  ServerSession,
  type XclientAttributes,
  type XforwardAttributes,
} from '../../protocol/index.js';
import { Dialogue } from './dialogue.js';
import type { Envelope, TlsFacts } from '../handler.js';
import type { DialogueContext } from './dialogue.js';
import type { Seat } from '../admission/admission.js';
import type { LocalEnd } from '../admission/local-address.js';
import { networkOf, plainAddress } from '../../base/networks.js';
import { type TimeoutContext, Waiter } from './waiting.js';
import type { ProxiedEndpoints } from '../admission/proxy-header.js';
import { endpointsAfter } from '../admission/relay.js';
import type { ConnectionSession } from './identity.js';
import { linkOf, tlsFacts } from '../tls/facts.js';

/** How clients are received. */
export interface ClientContext<Principal> extends TimeoutContext, DialogueContext<Principal> {
  /** The server's own name. */
  readonly hostname: string;
  /** How the sessions of a client are to be. */
  readonly profileFor: (address: string) => Profile;
  /** Makes what an embedder keeps with a session. */
  readonly state: () => object;
  readonly localEnd: LocalEnd;
}

/**
 * Who is on the other side: the facts that handlers, limits and the log have of a connection. A base class, as
 * {@link Waiter} is.
 */
export abstract class Client<Principal, Context extends ClientContext<Principal>>
  extends Waiter<Context>
  implements ConnectionSession<Principal>
{
  readonly session: ServerSession<Principal>;
  protected readonly dialogue: Dialogue<Principal>;
  #endpoints: ProxiedEndpoints;
  #tls: TlsFacts | null;
  remoteName: string | null = null;
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
    context: Context,
  ) {
    super(context);
    this.#endpoints = proxied ?? endpointsOf(socket, context.localEnd);
    this.#tls = tlsFacts(socket);
    const { remoteAddress } = this.#endpoints;
    this.session = new ServerSession(context.profileFor(remoteAddress), remoteAddress, linkOf(this.#tls));
    this.dialogue = new Dialogue(this, context);
    if (context.reword !== null) this.session.reword = (reply, verb) => this.dialogue.worded(reply, verb);
  }

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
    return this.session.hello;
  }

  get principal(): Principal | null {
    const { identity } = this.session;
    return identity.kind === 'authenticated' ? identity.principal : null;
  }

  get envelope(): Envelope | null {
    const { transaction } = this.session;
    if (transaction === null) return null;
    const { reversePath, parameters } = transaction;
    return { reversePath, parameters, recipients: this.dialogue.recipients };
  }

  get origin(): XforwardAttributes | null {
    return this.dialogue.origin;
  }

  get state(): object {
    return (this.#state ??= this.context.state());
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    // Asked for only after the end: it is aborted already.
    if (this.over) this.vanished();
    return this.#gone.signal;
  }

  abstract get socket(): Socket;
  /** The connection is over. */
  abstract readonly over: boolean;

  /** Aborts what was begun for this client. */
  protected vanished(): void {
    this.#gone?.abort(new Error('the connection is over'));
  }

  /** Ends the connection at once. */
  abstract destroy(): void;

  disconnect(): void {
    this.destroy();
  }

  assume(client: XclientAttributes): boolean {
    const endpoints = endpointsAfter(this.#endpoints, client);
    const network = networkOf(endpoints.remoteAddress, this.context.admission.limits);
    if (!this.seat.move(network)) return false;
    this.#endpoints = endpoints;
    this.remoteName = client.name ?? null;
    this.session.address = endpoints.remoteAddress;
    return true;
  }

  /** The client speaks TLS from here on, over this socket. */
  protected secured(socket: Socket): void {
    this.#tls = tlsFacts(socket);
  }
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
