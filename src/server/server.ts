import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { checkShape, isMilliseconds } from '../base/check-shape.js';
import { networkOf, plainAddress } from '../base/networks.js';
import { shown } from '../base/shown.js';
import type { AnyCredentials, PasswordCredentials, SaslMechanism } from '../protocol/index.js';
import { LocalEnd } from './admission/local-address.js';
import type { AnyHandler, AnyOptions } from './any.js';
import { Clients } from './clients.js';
import type { CredentialsOf, Handler } from './handler.js';
import { DELAYS } from './limits.js';
import { listeningOf, targetOf } from './listener.js';
import { acceptOptions, checkProtocol, checkServer, listenOptions } from './option-checks.js';
import type { AcceptOptions, Listening, ListenOptions, ServerOptions } from './options.js';
import { partsOf, type ServerParts } from './parts.js';
import { receptionOf } from './reception.js';
import type { ServerStats } from './stats.js';

/**
 * An SMTP server: any number of listeners, one handler.
 *
 * @typeParam Principal whatever `onAuth` gives; the server carries it and never looks inside.
 */
export class Server<Principal = unknown> {
  readonly #parts: ServerParts<Principal>;
  readonly #clients: Clients<Principal>;
  readonly #listeners = new Set<NetServer>();
  #stopping: Promise<void> | null = null;

  constructor(handler: AnyHandler<Principal> = {}, options: AnyOptions<Principal> = {}) {
    checkServer(handler, options);
    this.#parts = partsOf(handler, options);
    this.#clients = new Clients(this.#parts);
  }

  /** Connections that are open, those not greeted yet included. */
  get connections(): number {
    return this.#parts.admission.connections;
  }

  /** Returns where the first listener that is still open listens; null without one. */
  address(): Listening | null {
    return this.addresses()[0] ?? null;
  }

  /** Returns where the open listeners listen, in the order in which they were opened. */
  addresses(): readonly Listening[] {
    return [...this.#listeners]
      .filter(({ listening }) => listening)
      .map((listener) => listeningOf(listener.address()));
  }

  /** Returns what the server has done since it was made. */
  stats(): ServerStats {
    const { connections, turnedAway, accepted, refused, authenticated } = this.#parts.counters;
    return { open: this.connections, connections, turnedAway, accepted, refused, authenticated };
  }

  /**
   * Counts a failed sign-in that came by another protocol, such as HTTP, with the failed AUTH of the same network, and
   * says how to answer it.
   *
   * @returns milliseconds by which to delay the answer, and whether the network has failed too often
   */
  authFailed(remoteAddress: string): { readonly delay: number; readonly tooMany: boolean } {
    const { admission } = this.#parts;
    return admission.authFailed(networkOf(plainAddress(remoteAddress), admission.limits));
  }

  /**
   * Opens a listener: a port, a Unix socket or a handle. May be called any number of times.
   *
   * Rejects with Node's own error if it cannot be had (`EADDRINUSE`, `EACCES`), and with a TypeError if an option is
   * unknown, wrong or contradicts another one.
   */
  async listen(given: ListenOptions | number | string, ...more: readonly never[]): Promise<Listening> {
    const options = listenOptions(given, more);
    checkProtocol(options);
    const localEnd = new LocalEnd();
    const accept = this.#clients.acceptor(receptionOf(this.#parts, options, localEnd));
    const listener = createNetServer({ allowHalfOpen: true, noDelay: true }, accept);
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(targetOf(options), () => {
        listener.off('error', reject);
        const address = listener.address();
        if (typeof address === 'object' && address !== null) localEnd.bind(address);
        resolve();
      });
    });
    if (this.#stopping !== null) {
      listener.close();
      throw new Error('listen: the server was closed: make another one');
    }
    // An accept that fails (no descriptors left) is not the end of the listener.
    listener.on('error', (error) => {
      process.emitWarning(error);
    });
    this.#listeners.add(listener);
    return listeningOf(listener.address());
  }

  /**
   * Returns a function that takes connections as `listen` does. It is for a `net.Server` of yours or for sockets that come
   * another way: `net.createServer({ allowHalfOpen: true }, server.acceptor())`. `close` ends the connections, and you
   * close what accepts them. TLS needs sockets with an address and a port.
   *
   * @throws TypeError if an option is unknown, wrong or contradicts another one.
   */
  acceptor(options: AcceptOptions = {}): (socket: Socket) => void {
    acceptOptions('acceptor', options);
    return this.#clients.acceptor(receptionOf(this.#parts, options, new LocalEnd()));
  }

  /**
   * Stops: new connections get 421, idle ones a farewell, transactions in hand may end within the grace
   * time. Then the rest get 421 and no 250. Resolves when the last connection is gone. May be repeated.
   *
   * @param options `graceMs`, or the number alone: milliseconds for the transactions in hand. Default: 30 seconds.
   * @throws TypeError if it is neither.
   */
  close(options: { readonly graceMs?: number } | number = {}): Promise<void> {
    const graceMs = graceOf(options);
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async #stop(graceMs: number): Promise<void> {
    await this.#clients.stop(graceMs);
    await Promise.all(
      Array.from(this.#listeners, (listener) => new Promise((resolve) => listener.close(resolve))),
    );
    this.#parts.gates?.close();
  }
}

function graceMsIn(options: object): unknown {
  return 'graceMs' in options ? options.graceMs : undefined;
}

/** @throws TypeError if it is no length of time. */
function graceOf(options: unknown): number {
  const given = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (given) checkShape('close', options, { graceMs: isMilliseconds });
  const ms: unknown = given ? (graceMsIn(options) ?? DELAYS.stopGrace.initial) : options;
  if (isMilliseconds(ms) === null) return ms as number;
  throw new TypeError(`close: expected { graceMs }, or milliseconds, got ${shown(options)}`);
}

/**
 * Makes a server. It does nothing until {@link Server.listen} is called.
 *
 * @param handler decides: an object with methods, or an instance of a class. Default: takes mail and drops it.
 * @throws TypeError naming a method or an option that there is not, or that is wrong, or a method that a mechanism
 * needs; RangeError naming a limit that is no number, or is below 0.
 */
export function createServer<
  Principal = unknown,
  M extends SaslMechanism<AnyCredentials> = SaslMechanism<PasswordCredentials>,
  State extends object = object,
  AuthOptional extends boolean = false,
>(
  handler?: Handler<Principal, CredentialsOf<M>, State, AuthOptional>,
  options?: ServerOptions<Principal, M, State, AuthOptional>,
): Server<Principal> {
  // What the handler gets is what these options make; inside, all servers are alike.
  return new Server<Principal>(
    handler as AnyHandler<Principal> | undefined,
    options as AnyOptions<Principal> | undefined,
  );
}
