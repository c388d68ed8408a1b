import { BlockList, isIP, isIPv6 } from 'node:net';

/** A set of networks, to ask whether an address is in one of them. */
export class Networks {
  readonly #list = new BlockList();
  readonly #empty: boolean;

  /**
   * @param networks each an address (`192.0.2.1`, `2001:db8::1`) or a network (`192.0.2.0/24`, `2001:db8::/32`).
   * @throws TypeError naming the one that is neither.
   */
  constructor(networks: readonly string[]) {
    this.#empty = networks.length === 0;
    for (const network of networks) {
      const [address = '', prefix, ...rest] = network.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      const bits = family === 'ipv6' ? 128 : 32;
      const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
      if (isIP(address) === 0 || length < 0 || length > bits || rest.length > 0) {
        throw new TypeError(
          `expected an address or a network such as 192.0.2.0/24 or 2001:db8::/32, got ${network}`,
        );
      }
      this.#list.addSubnet(address, length, family);
    }
  }

  /** Whether the address is in one of the networks. */
  has(address: string): boolean {
    if (this.#empty || isIP(address) === 0) return false;
    return this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}
