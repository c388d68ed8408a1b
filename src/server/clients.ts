import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { networkOf, plainAddress } from '../base/networks.js';
import { type Reply, reply } from '../protocol/parts.js';
import { type Seat, TooManyConnections } from './admission/admission.js';
import type { ProxiedEndpoints } from './admission/proxy-header.js';
import { Arrival, type ArrivalContext } from './connection/arrival.js';
import { Connection, type ConnectionContext } from './connection/connection.js';
import { ConnectionSet } from './connection/connection-set.js';
import { notify } from './connection/notify.js';
import { writeAndClose } from './listener.js';
import type { ServerParts } from './parts.js';
import type { Reception } from './reception.js';
import { reworded } from './reword.js';

/** The clients of a server, from the first octet to the close of the last connection. */
export class Clients<Principal> {
  readonly #arrivals = new ConnectionSet<'listedAt', Arrival>('listedAt');
  readonly #connections = new ConnectionSet<'listedAt', Connection<Principal>>('listedAt');
  readonly #idPrefix = randomBytes(4).toString('hex');
  #counter = 0;
  #stopping = false;
  /** Resolves the wait for the last connection. */
  #whenEmpty: (() => void) | null = null;

  constructor(private readonly parts: ServerParts<Principal>) {}

  /** Returns a function that takes the sockets of one listener. */
  acceptor(reception: Reception<Principal>): (socket: Socket) => void {
    const connections: ConnectionContext<Principal> = {
      ...reception.connections,
      closed: (connection) => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#whenEmpty?.();
      },
    };
    const arrivals = this.#arrivalContext(reception, connections);
    return (socket) => {
      this.#arrive(socket, reception, arrivals, connections);
    };
  }

  /** Ends all connections: transactions in hand may end within `graceMs`, then the rest get 421 and no 250. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
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
    await this.#empty(this.parts.timeouts.linger);
    this.#connections.forEach((connection) => {
      connection.destroy();
    });
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
    return reply('shuttingDown', { hostname: this.parts.hostname });
  }

  #arrivalContext(
    reception: Reception<Principal>,
    connections: ConnectionContext<Principal>,
  ): ArrivalContext {
    const { admission } = this.parts;
    return {
      ...reception.arrivals,
      readmit: (arrival, { remoteAddress }) => {
        arrival.seat.leave();
        const seat = admission.enter(networkOf(remoteAddress, admission.limits));
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

  #arrive(
    socket: Socket,
    { speaksFirst, proxies, proxiesOnly, relays }: Reception<Principal>,
    arrivals: ArrivalContext,
    connections: ConnectionContext<Principal>,
  ): void {
    const { admission } = this.parts;
    const address = plainAddress(socket.remoteAddress);
    const proxied = proxies.has(address);
    // A proxy or a relay brings the connections of many clients: they are counted by client when its address is known.
    const crowd = proxied || relays.has(address);
    const network = crowd ? `for others ${address}` : networkOf(address, admission.limits);
    if (!proxied && proxiesOnly) {
      socket.destroy();
      this.#tellRefused(address, new Error('it is not one of the proxies of this port'));
      return;
    }
    // Before any work on TLS: a server that is full must not be made to compute.
    if (this.#stopping) {
      writeAndClose(socket, this.#worded(this.#farewell(), address).octets);
      return;
    }
    const seat = admission.enter(network, crowd);
    if (seat === null) this.#turnAway(socket, address);
    else if (speaksFirst && !proxied) this.#greet(seat, socket, null, null, connections);
    else {
      const arrival = new Arrival(socket, seat, arrivals);
      this.#arrivals.add(arrival);
      arrival.begin(proxied);
    }
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

  #turnAway(socket: Socket, address: string): void {
    writeAndClose(socket, this.#worded(reply('tooManyConnections'), address).octets);
    this.#tellRefused(address, new TooManyConnections());
  }

  /** A reply to a client that has no session. */
  #worded(refusal: Reply, address: string): Reply {
    const { reword } = this.parts;
    if (reword === null) return refusal;
    return reworded(reword, refusal, { session: null, verb: '' }, (error) =>
      this.#tellRefused(address, error),
    );
  }

  #tellRefused(address: string, error: Error): void {
    this.parts.counters.turnedAway++;
    for (const observer of this.parts.observers) notify(() => observer.onRefusedArrival?.(address, error));
  }
}
