import { isIPv6 } from 'node:net';

/** Who may come in, and how often. */
export interface AdmissionLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Connections at once from one address (IPv4) or /64 network (IPv6). */
  readonly connectionsPerAddress: number;
  /** Failed AUTH on one connection before it is closed. */
  readonly authFailures: number;
  /** Failed AUTH of one network, remembered at once, from which on each ends its connection. */
  readonly authFailuresPerAddress: number;
  /** Milliseconds by which the second failure of a network is answered later; each further one twice as much. */
  readonly authDelay: number;
  /** Milliseconds by which an answer is held back at the most. */
  readonly longestAuthDelay: number;
  /** Milliseconds for which a failed AUTH is remembered. */
  readonly authMemory: number;
}

export const DEFAULT_ADMISSION: AdmissionLimits = {
  // Well below the descriptors that a service manager commonly grants (systemd: 524288 hard).
  connections: 10_000,
  // Ten times Postfix's smtpd_client_connection_count_limit (50): apps come from few addresses.
  connectionsPerAddress: 500,
  // Postfix and Dovecot close after three.
  authFailures: 3,
  // Room for a wrong setting in a few apps behind one address.
  authFailuresPerAddress: 20,
  // Nothing to a person, a wall to a guesser; the longest is below the patience of clients.
  authDelay: 250,
  longestAuthDelay: 5_000,
  authMemory: 10 * 60_000,
};

/** Addresses whose failures are remembered; the one longest silent goes first. */
const REMEMBERED_ADDRESSES = 10_000;

/**
 * An address as admission counts it: IPv4 whole, IPv6 by its /64, since that is the least a host is given
 * (RFC 6177 2, RFC 7421).
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  if (tail !== undefined) {
    const after = tail.split(':').filter((group) => group !== '');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return groups.slice(0, 4).join(':') + '::/64';
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
   * Counts a connection in, or says that there are too many.
   *
   * @param crowd whether the network stands for many clients: then only the total counts.
   */
  enter(network: string, crowd = false): boolean {
    const here = this.#byNetwork.get(network) ?? 0;
    if (this.#connections >= this.limits.connections) return false;
    if (!crowd && here >= this.limits.connectionsPerAddress) return false;
    this.#connections++;
    this.#byNetwork.set(network, here + 1);
    return true;
  }

  /** Counts out a connection that was let in. */
  leave(network: string): void {
    this.#connections--;
    const here = (this.#byNetwork.get(network) ?? 1) - 1;
    if (here > 0) this.#byNetwork.set(network, here);
    else this.#byNetwork.delete(network);
  }

  /**
   * Notes a failed AUTH.
   *
   * The right credentials are never locked out by somebody else's wrong ones: a failure only makes the
   * next answers to failures slower, for the whole network and across connections.
   *
   * @returns milliseconds by which to hold the answer back, none for the first failure, then doubling; and
   * whether the network has failed too often to go on with this connection.
   */
  authFailed(network: string): { readonly delay: number; readonly tooMany: boolean } {
    const now = this.clock();
    const known = this.#failures.get(network);
    const count = known !== undefined && now - known.at < this.limits.authMemory ? known.count + 1 : 1;
    // Deleted first, so that the map's order is by last failure.
    this.#failures.delete(network);
    this.#failures.set(network, { count, at: now });
    if (this.#failures.size > REMEMBERED_ADDRESSES) {
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
