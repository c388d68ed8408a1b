import type { AddressInfo, Socket } from 'node:net';
import { plainAddress } from '../../base/networks.js';

interface End {
  readonly address: string;
  readonly port: number;
}

/** All addresses of the host, in IPv4 and in IPv6. */
const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * The server's end of a listener's connections. A listener of one address has only that one; where it has all of
 * the host's, each connection is asked for its own, at the price of a system call.
 */
export class LocalEnd {
  #bound: End | null = null;

  /** The listener is open, at this address. */
  bind({ address, port }: AddressInfo): void {
    if (!ANY.has(address)) this.#bound = { address: plainAddress(address), port };
  }

  of(socket: Socket): End {
    return this.#bound ?? { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 };
  }
}
