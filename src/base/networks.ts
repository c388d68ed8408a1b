import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';

/**
 * Returns an IPv4 address for an IPv4-mapped IPv6 address, and any other address unchanged. An IPv4 client of a
 * dual-stack socket is an IPv4 client (RFC 4291 2.5.5.2).
 */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::') ? address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '') : address;
}

/** Returns the canonical spelling of an address: RFC 5952 for IPv6, IPv4 for an IPv4-mapped address. */
export function canonicalAddress(address: string): string {
  if (!isIPv6(address)) return address;
  return plainAddress(new SocketAddress({ address, family: 'ipv6' }).address);
}

/** Returns whether a name or address is that of this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);
}

/** The number of leading bits that make up a network, by which admission counts clients. */
interface NetworkSizes {
  /** Bits of an IPv4 address, 1 to 32. */
  readonly ipv4Bits: number;
  /** Bits of an IPv6 address, 1 to 128. */
  readonly ipv6Bits: number;
}

/** Returns the network of an address as text. A text that is not an address is a network of its own. */
export function networkOf(address: string, { ipv4Bits, ipv6Bits }: NetworkSizes): string {
  // The test for the colon avoids a long regular expression for all other addresses.
  if (address.includes(':') && isIPv6(address))
    return `${masked(groupsOf(address), 16, ipv6Bits).join(':')}/${ipv6Bits}`;
  // The common case needs no computation.
  if (ipv4Bits === 32 || isIP(address) === 0) return address;
  return `${masked(address.split('.').map(Number), 8, ipv4Bits).join('.')}/${ipv4Bits}`;
}

/** Returns the parts of an address, `width` bits each, with all bits after the first `bits` set to zero. */
function masked(parts: readonly number[], width: number, bits: number): string[] {
  return parts.map((part, i) => {
    const kept = Math.min(Math.max(bits - i * width, 0), width);
    return (part & ~((1 << (width - kept)) - 1)).toString(width === 16 ? 16 : 10);
  });
}

/** Returns the eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = '', tail = ''] = canonicalAddress(address).split('::');
  const first = head.split(':').filter((group) => group !== '');
  const last = tail.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].map((group) => parseInt(group, 16));
}

/** The form of a network, for error messages. */
export const NETWORK_FORM = 'an address or a network such as 192.0.2.0/24 or 2001:db8::/32';

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * Parses an address (`192.0.2.1`, `2001:db8::1`) or a network (`192.0.2.0/24`, `2001:db8::/32`). Returns null if the
 * text is neither.
 */
export function parseNetwork(text: string): Network | null {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const longest = family === 'ipv6' ? 128 : 32;
  const bits = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  const wrong = isIP(address) === 0 || bits < 0 || bits > longest || rest.length > 0;
  return wrong ? null : { address, bits, family };
}

/** A set of networks that can be searched for an address. */
export class Networks {
  readonly #list = new BlockList();
  readonly #empty: boolean;

  /**
   * @param networks in the form that {@link parseNetwork} reads
   * @param of what errors begin with, such as `listen: proxies: `
   * @throws TypeError that names the first text of another form
   */
  constructor(networks: readonly string[], of = '') {
    this.#empty = networks.length === 0;
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network === null) throw new TypeError(`${of}expected ${NETWORK_FORM}, got ${text}`);
      this.#list.addSubnet(network.address, network.bits, network.family);
    }
  }

  /** Returns true if the address is in one of the networks. */
  has(address: string): boolean {
    if (this.#empty || isIP(address) === 0) return false;
    return this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/** Returns `127.0.0.1:25`, `mx.example:25` or `[::1]:25`. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
