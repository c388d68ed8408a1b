import { type AdmissionLimits, FIXED } from '../limits.js';

/** A client was refused since too many are connected, in total or from its network. */
export class TooManyConnections extends Error {
  constructor() {
    super('too many connections');
  }
}

/** The place of one connection among those that are counted. It is left once, however often `leave` is called. */
export class Seat {
  #admission: Admission | null;
  #network: string;

  /** Made by {@link Admission.enter} alone. */
  constructor(admission: Admission, network: string) {
    this.#admission = admission;
    this.#network = network;
  }

  /** The network that the connection is counted for. */
  get network(): string {
    return this.#network;
  }

  /** Counts the connection for another network. If that has too many, returns false, and nothing changes. */
  move(to: string): boolean {
    if (this.#admission?.move(this.#network, to) !== true) return false;
    this.#network = to;
    return true;
  }

  /** Counts the connection out. */
  leave(): void {
    this.#admission?.leave(this.#network);
    this.#admission = null;
  }
}

/** Counts connections and failed AUTH, by network. */
export class Admission {
  #connections = 0;
  readonly #byNetwork = new Map<string, number>();
  readonly #failures = new Map<string, { count: number; at: number }>();

  constructor(
    readonly limits: AdmissionLimits,
    private readonly clock: () => number,
  ) {}

  get connections(): number {
    return this.#connections;
  }

  /**
   * Counts a connection in. Returns null if there are too many.
   *
   * @param crowd whether the network stands for many clients: then only the total counts.
   */
  enter(network: string, crowd = false): Seat | null {
    return this.#countIn(network, crowd) ? new Seat(this, network) : null;
  }

  #countIn(network: string, crowd: boolean): boolean {
    const here = this.#byNetwork.get(network) ?? 0;
    if (this.#connections >= this.limits.connections) return false;
    if (!crowd && here >= this.limits.connectionsPerAddress) return false;
    this.#connections++;
    this.#byNetwork.set(network, here + 1);
    return true;
  }

  /** @internal Called by {@link Seat.leave}. */
  leave(network: string): void {
    this.#connections--;
    const here = (this.#byNetwork.get(network) ?? 1) - 1;
    if (here > 0) this.#byNetwork.set(network, here);
    else this.#byNetwork.delete(network);
  }

  /** @internal Called by {@link Seat.move}. */
  move(from: string, to: string): boolean {
    this.leave(from);
    if (this.#countIn(to, false)) return true;
    this.#countIn(from, true);
    return false;
  }

  /**
   * Counts a failed AUTH.
   *
   * The right credentials are never locked out by another client's wrong ones: a failure only makes the next answers
   * to failures slower, for the whole network and across connections.
   *
   * @returns milliseconds by which to delay the answer, 0 for the first failure, then doubling; and whether the
   * network has failed so often that the connection must be closed.
   */
  authFailed(network: string): { readonly delay: number; readonly tooMany: boolean } {
    const now = this.clock();
    const known = this.#failures.get(network);
    const count = known !== undefined && now - known.at < this.limits.authMemory ? known.count + 1 : 1;
    // Deleted first, so that the map's order is by last failure.
    this.#failures.delete(network);
    this.#failures.set(network, { count, at: now });
    if (this.#failures.size > FIXED.rememberedNetworks.initial) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    }
    const { authDelay, longestAuthDelay, authFailuresPerAddress } = this.limits;
    return {
      delay: count < 2 ? 0 : Math.min(authDelay * 2 ** (count - 2), longestAuthDelay),
      tooMany: count >= authFailuresPerAddress,
    };
  }
}
