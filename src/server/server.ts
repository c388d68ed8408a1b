import { randomBytes } from 'node:crypto';
import { createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { shown } from '../base/shown.js';
import {
  type AnyCredentials,
  DEFAULT_LIMITS,
  type Limits,
  type PasswordCredentials,
  Profile,
  type RelayTrust,
  type Reply,
  reply,
  type SaslMechanism,
  settled,
} from '../protocol/index.js';
import { Admission, type Seat, TooManyConnections } from './admission/admission.js';
import { Arrival, type ArrivalContext } from './connection/arrival.js';
import { Connection, type ConnectionContext } from './connection/connection.js';
import { Deadlines, monotonic } from './connection/deadlines.js';
import {
  acceptOptions,
  checkAuth,
  checkProtocol,
  checkServer,
  checkTls,
  listenOptions,
  type ListenTls,
} from './option-checks.js';
import type { AnyHandler, AnyOptions } from './any.js';
import { checkShape, isMilliseconds } from '../base/check-shape.js';
import { DIAGNOSTICS } from './diagnostics.js';
import type { CredentialsOf, Handler, Observer } from './handler.js';
import { listeningOf, writeAndClose, targetOf, unexpectedTls } from './listener.js';
import { logTo } from './logger.js';
import { latin1, latin1Octets } from './platform/latin1.js';
import { LocalEnd } from './admission/local-address.js';
import {
  type DataRate,
  DEFAULT_ADMISSION,
  DEFAULT_DATA_RATE,
  DEFAULT_TIMEOUTS,
  FIXED,
  type Timeouts,
  DELAYS,
} from './limits.js';
import { networkOf, Networks, plainAddress } from '../base/networks.js';
import type { AcceptOptions, Listening, ListenOptions, ServerOptions } from './options.js';
import type { ProxiedEndpoints } from './admission/proxy-header.js';
import { ConnectionSet } from './connection/connection-set.js';
import { fastestScan } from './platform/scan.js';
import { type TlsGate, TlsGates } from './tls/gate.js';
import { TlsHabits } from './admission/tls-habits.js';
import { notify } from './connection/notify.js';
import { reverseByDns } from './reverse-lookup.js';
import { type Reword, reworded } from './reword.js';
import { Counters, type ServerStats } from './stats.js';

/** How one listener receives clients. */
interface Reception<Principal> {
  readonly arrivals: ArrivalContext;
  readonly connections: ConnectionContext<Principal>;
  /** The server speaks first: nothing is to be found out of a client before. */
  readonly speaksFirst: boolean;
  readonly proxies: Networks;
  readonly proxiesOnly: boolean;
  readonly relays: Networks;
}

/**
 * An SMTP server: any number of listeners, one handler.
 *
 * @typeParam Principal whatever `onAuth` gives; the server carries it and never looks inside.
 */
export class Server<Principal = unknown> {
  readonly #handler: AnyHandler<Principal>;
  readonly #observers: readonly Observer<Principal>[];
  readonly #options: AnyOptions<Principal>;
  readonly #hostname: string;
  readonly #limits: Limits;
  readonly #timeouts: Timeouts;
  readonly #dataRate: DataRate;
  readonly #reword: Reword<Principal> | null;
  readonly #admission: Admission;
  readonly #deadlines: Deadlines;
  readonly #gates: TlsGates | null;
  /** One for all ports: the client is the same. */
  readonly #habits: TlsHabits;
  readonly #listeners = new Set<NetServer>();
  readonly #arrivals = new ConnectionSet<'listedAt', Arrival>('listedAt');
  readonly #connections = new ConnectionSet<'listedAt', Connection<Principal>>('listedAt');
  readonly #idPrefix = randomBytes(4).toString('hex');
  readonly #counters = new Counters();
  #counter = 0;
  #stopping: Promise<void> | null = null;
  /** Resolves the wait for the last connection. */
  #whenEmpty: (() => void) | null = null;

  constructor(handler: AnyHandler<Principal> = {}, options: AnyOptions<Principal> = {}) {
    checkServer(handler, options);
    const admission = settled('admission', DEFAULT_ADMISSION, options.admission);
    this.#handler = handler;
    const { observers = [], logger } = options;
    this.#observers = [handler, ...observers, ...(logger === undefined ? [] : [logTo(logger)]), DIAGNOSTICS];
    this.#options = options;
    this.#reword = options.reword?.bind(options) ?? null;
    this.#hostname = options.hostname ?? hostname();
    this.#limits = settled('limits', DEFAULT_LIMITS, options.limits);
    this.#timeouts = settled('timeouts', DEFAULT_TIMEOUTS, options.timeouts);
    this.#dataRate = settled('dataRate', DEFAULT_DATA_RATE, options.dataRate);
    const clock = options.clock ?? monotonic;
    const { command, dataBlock, handshake, write, linger } = this.#timeouts;
    const shortest = Math.min(command, dataBlock, handshake, write, linger, this.#dataRate.grace);
    this.#deadlines = new Deadlines(Math.max(10, Math.min(FIXED.sweep.initial, shortest / 4)), clock);
    this.#admission = new Admission(admission, clock);
    this.#habits = new TlsHabits(clock);
    this.#gates = options.certificates === undefined ? null : new TlsGates(options.certificates);
  }

  /** Connections that are open, those not greeted yet included. */
  get connections(): number {
    return this.#admission.connections;
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
    const { connections, turnedAway, accepted, refused, authenticated } = this.#counters;
    return { open: this.connections, connections, turnedAway, accepted, refused, authenticated };
  }

  /**
   * Counts a failed sign-in that came by another protocol, such as HTTP, with the failed AUTH of the same network, and
   * says how to answer it.
   *
   * @returns milliseconds by which to delay the answer, and whether the network has failed too often
   */
  authFailed(remoteAddress: string): { readonly delay: number; readonly tooMany: boolean } {
    return this.#admission.authFailed(networkOf(plainAddress(remoteAddress), this.#admission.limits));
  }

  /**
   * Opens a listener: a port, a Unix socket or a handle. May be called any number of times.
   *
   * Rejects with Node's own error if it cannot be had (`EADDRINUSE`, `EACCES`), and with a TypeError if an option is
   * unknown, wrong or contradicts another one.
   */
  async listen(given: ListenOptions | number | string): Promise<Listening> {
    const options = listenOptions(given);
    checkProtocol(options);
    const localEnd = new LocalEnd();
    const reception = this.#receptionOf(options, localEnd);
    const listener = createNetServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#arrive(socket, reception);
    });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(targetOf(options), () => {
        listener.off('error', reject);
        const address = listener.address();
        if (typeof address === 'object' && address !== null) localEnd.bind(address);
        resolve();
      });
    });
    // An accept that fails (no descriptors left) is not the end of the listener.
    listener.on('error', (error) => {
      process.emitWarning(error);
    });
    this.#listeners.add(listener);
    return listeningOf(listener.address());
  }

  /**
   * Returns a function that takes connections as `listen` does, for a `net.Server` of yours or for sockets that come
   * another way: `net.createServer({ allowHalfOpen: true }, server.acceptor())`. `close` ends the connections, and you
   * close what accepts them. TLS needs sockets with an address and a port.
   *
   * @throws TypeError if an option is unknown, wrong or contradicts another one.
   */
  acceptor(options: AcceptOptions = {}): (socket: Socket) => void {
    acceptOptions('acceptor', options);
    const reception = this.#receptionOf(options, new LocalEnd());
    return (socket) => {
      this.#arrive(socket, reception);
    };
  }

  #receptionOf(options: ListenOptions, localEnd: LocalEnd): Reception<Principal> {
    const { certificates, allowInsecureAuth, authOptional } = this.#options;
    const tls = checkTls(options, certificates);
    const verifies = this.#handler.onAuth !== undefined;
    checkAuth(options, tls, verifies, allowInsecureAuth === true, authOptional === true);
    const gate = tls.tls === 'off' ? null : (this.#gates?.get(tls.clientCertificates !== 'none') ?? null);
    const connections = this.#connectionContext(options, tls, gate, localEnd);
    return {
      arrivals: this.#arrivalContext(options, tls, gate, connections),
      connections,
      speaksFirst: tls.tls === 'off' || tls.tls === 'starttls',
      proxies: new Networks(options.proxies ?? []),
      proxiesOnly: options.proxiesOnly === true,
      relays: new Networks(options.relays ?? []),
    };
  }

  /**
   * Stops: new connections get 421, idle ones a farewell, transactions in hand may end within the grace
   * time; then the rest get 421 and no 250. Resolves when the last connection is gone. May be repeated.
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
    const farewell = this.#farewell();
    this.#arrivals.forEach((arrival) => {
      arrival.destroy(null);
    });
    this.#connections.forEach((connection) => {
      connection.shutdown(farewell);
    });
    await this.#empty(graceMs);
    this.#connections.forEach((connection) => {
      connection.terminate(farewell);
    });
    await this.#empty(this.#timeouts.linger);
    this.#connections.forEach((connection) => {
      connection.destroy();
    });
    await Promise.all(
      Array.from(this.#listeners, (listener) => new Promise((resolve) => listener.close(resolve))),
    );
    this.#gates?.close();
  }

  /** Waits for the last connection, but not for longer than `ms`. */
  #empty(ms: number): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #farewell(): Reply {
    return reply('shuttingDown', { hostname: this.#hostname });
  }

  #arrivalContext(
    options: AcceptOptions,
    tls: ListenTls,
    gate: TlsGate | null,
    connections: ConnectionContext<Principal>,
  ): ArrivalContext {
    return {
      tls: tls.tls,
      tlsDetectMs: detectMs(options),
      habits: this.#habits,
      gate,
      handshakeMs: this.#timeouts.handshake,
      deadlines: this.#deadlines,
      readmit: (arrival, { remoteAddress }) => {
        arrival.seat.leave();
        const seat = this.#admission.enter(networkOf(remoteAddress, this.#admission.limits));
        if (seat !== null) {
          arrival.seat = seat;
          return true;
        }
        this.#arrivals.delete(arrival);
        this.#turnAway(arrival.socket, remoteAddress);
        return false;
      },
      greet: (arrival, socket, early) => {
        this.#arrivals.delete(arrival);
        this.#greet(arrival.seat, socket, arrival.endpoints, early, connections);
      },
      failed: (arrival, error) => {
        this.#arrivals.delete(arrival);
        arrival.seat.leave();
        if (error === null) return;
        const address = arrival.endpoints?.remoteAddress ?? plainAddress(arrival.socket.remoteAddress);
        this.#tellRefused(address, error);
      },
    };
  }

  #connectionContext(
    options: AcceptOptions,
    { tls, tlsRequired, clientCertificates }: ListenTls,
    gate: TlsGate | null,
    localEnd: LocalEnd,
  ): ConnectionContext<Principal> {
    const { mechanisms, allowInsecureAuth, meter, bareNewlines, spaceBeforePath, syntax, unknownParameters } =
      this.#options;
    const { banner, helloText, state = emptyState, reverseLookup = false } = this.#options;
    const verifies = this.#handler.onAuth !== undefined;
    const relays = new Networks(options.relays ?? []);
    const profile = (relayTrust: RelayTrust): Profile =>
      new Profile({
        hostname: this.#hostname,
        protocol: options.lmtp === true ? 'lmtp' : 'smtp',
        starttls: tls === 'starttls' || tls === 'detect',
        tlsRequired,
        authRequired: options.authRequired ?? verifies,
        authNeedsTls: allowInsecureAuth !== true,
        ...(!verifies ? { mechanisms: [] } : mechanisms === undefined ? {} : { mechanisms }),
        ...(meter === undefined ? {} : { meter }),
        ...(bareNewlines === undefined ? {} : { bareNewlines }),
        ...(spaceBeforePath === undefined ? {} : { spaceBeforePath }),
        ...(syntax === undefined ? {} : { syntax }),
        ...(unknownParameters === undefined ? {} : { unknownParameters }),
        ...(banner === undefined ? {} : { banner }),
        ...(helloText === undefined ? {} : { helloText }),
        asksCommands: this.#handler.onCommand !== undefined,
        // If the first octet decides on TLS, a client may send it before the greeting.
        refuseEarlyTalkers: tls !== 'detect',
        extensions: this.#options.extensions ?? {},
        relayTrust,
        limits: this.#limits,
        scan: fastestScan(),
        toText: latin1,
        toOctets: latin1Octets,
      });
    const anybody = profile('none');
    const relay = profile(this.#handler.onXclient === undefined ? 'withoutLogin' : 'withLogin');
    return {
      handler: this.#handler,
      observers: this.#observers,
      hostname: this.#hostname,
      state,
      counters: this.#counters,
      reword: this.#reword,
      reverseLookup: reverseLookup === true ? reverseByDns : reverseLookup === false ? null : reverseLookup,
      profileFor: (address) => (relays.has(address) ? relay : anybody),
      timeouts: this.#timeouts,
      dataRate: this.#dataRate,
      deadlines: this.#deadlines,
      admission: this.#admission,
      localEnd,
      certificateRequired: clientCertificates === 'required',
      unexpectedTls: () => unexpectedTls(tls, detectMs(options)),
      habits: tls === 'detect' ? this.#habits : null,
      secure: (socket, early, done) => {
        gate?.handshakeAfterPlain(socket, early, done);
      },
      closed: (connection) => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#whenEmpty?.();
      },
    };
  }

  #greet(
    seat: Seat,
    socket: Socket,
    proxied: ProxiedEndpoints | null,
    early: Uint8Array | null,
    context: ConnectionContext<Principal>,
  ): void {
    const id = `${this.#idPrefix}-${(++this.#counter).toString(36)}`;
    const connection = new Connection(id, seat, socket, proxied, context);
    this.#connections.add(connection);
    connection.begin(early);
  }

  #arrive(socket: Socket, reception: Reception<Principal>): void {
    const { arrivals, connections, speaksFirst, proxies, proxiesOnly, relays } = reception;
    const address = plainAddress(socket.remoteAddress);
    const proxied = proxies.has(address);
    // A proxy or a relay brings the connections of many clients: they are counted by client when its address is known.
    const crowd = proxied || relays.has(address);
    const network = crowd ? `for others ${address}` : networkOf(address, this.#admission.limits);
    if (!proxied && proxiesOnly) {
      socket.destroy();
      this.#tellRefused(address, new Error('it is not one of the proxies of this port'));
      return;
    }
    // Before any work on TLS: a server that is full must not be made to compute.
    if (this.#stopping !== null) {
      writeAndClose(socket, this.#worded(this.#farewell(), address));
      return;
    }
    const seat = this.#admission.enter(network, crowd);
    if (seat === null) this.#turnAway(socket, address);
    else if (speaksFirst && !proxied) this.#greet(seat, socket, null, null, connections);
    else {
      const arrival = new Arrival(socket, seat, arrivals);
      this.#arrivals.add(arrival);
      arrival.begin(proxied);
    }
  }

  #turnAway(socket: Socket, address: string): void {
    writeAndClose(socket, this.#worded(reply('tooManyConnections'), address));
    this.#tellRefused(address, new TooManyConnections());
  }

  /** A reply to a client that has no session. */
  #worded(refusal: Reply, address: string): Reply {
    if (this.#reword === null) return refusal;
    return reworded(this.#reword, refusal, { session: null, verb: '' }, (error) =>
      this.#tellRefused(address, error),
    );
  }

  #tellRefused(address: string, error: Error): void {
    this.#counters.turnedAway++;
    for (const observer of this.#observers) notify(() => observer.onRefusedArrival?.(address, error));
  }
}

/** How long the greeting waits for TLS, in milliseconds. */
function detectMs({ tlsDetectMs = DELAYS.tlsDetect.initial }: AcceptOptions): number {
  return tlsDetectMs;
}

function emptyState(): object {
  return {};
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
