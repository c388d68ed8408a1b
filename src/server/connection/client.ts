import type { Socket } from 'node:net';
import {
  type Hello,
  type Profile,
  ServerSession,
  type XclientAttributes,
  type XforwardAttributes,
} from '../../protocol/index.js';
import type { Admission } from '../admission/admission.js';
import { Dialogue } from './dialogue.js';
import type { Envelope, Observer, TlsFacts } from '../handler.js';
import type { LocalEnd } from '../admission/local-address.js';
import { networkOf, plainAddress } from '../../base/networks.js';
import { type TimeoutContext, Waiter } from './waiting.js';
import type { ProxiedEndpoints } from '../admission/proxy-header.js';
import { endpointsAfter } from '../admission/relay.js';
import type { Speaker } from './identity.js';
import { linkOf, tlsFacts } from '../tls/facts.js';
import type { AnyHandler } from '../auth/verifier.js';

/** How clients are received. */
export interface ClientContext<Principal> extends TimeoutContext {
  readonly handler: AnyHandler<Principal>;
  /** The handler, and who else hears what happens. */
  readonly observers: readonly Observer<Principal>[];
  /** How the sessions of a client are to be. */
  readonly profileFor: (address: string) => Profile;
  readonly admission: Admission;
  readonly localEnd: LocalEnd;
}

/**
 * Who is on the other side: the facts that handlers, limits and the log have of a connection. A base class, as
 * {@link Waiter} is.
 */
export abstract class Client<Principal, Context extends ClientContext<Principal>>
  extends Waiter<Context>
  implements Speaker<Principal>
{
  readonly session: ServerSession<Principal>;
  protected readonly dialogue: Dialogue<Principal>;
  #endpoints: ProxiedEndpoints;
  #tls: TlsFacts | null;

  /** @param proxied what a PROXY header said of the endpoints, or null */
  constructor(
    readonly id: string,
    public network: string,
    socket: Socket,
    proxied: ProxiedEndpoints | null,
    context: Context,
  ) {
    super(context);
    this.#endpoints = proxied ?? endpointsOf(socket, context.localEnd);
    this.#tls = tlsFacts(socket);
    const { remoteAddress } = this.#endpoints;
    this.session = new ServerSession(context.profileFor(remoteAddress), remoteAddress, linkOf(this.#tls));
    this.dialogue = new Dialogue(this, context.handler, context.observers, context.admission);
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

  /** Ends the connection at once. */
  abstract destroy(): void;

  disconnect(): void {
    this.destroy();
  }

  assume(client: XclientAttributes): boolean {
    const endpoints = endpointsAfter(this.#endpoints, client);
    const { admission } = this.context;
    const network = networkOf(endpoints.remoteAddress, admission.limits);
    if (!admission.move(this.network, network)) return false;
    this.network = network;
    this.#endpoints = endpoints;
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
