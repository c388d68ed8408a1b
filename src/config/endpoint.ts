import { Fault, type Parsed } from '../base/fault.js';
import { isIP, isIPv6 } from 'node:net';

/** An address and a port to listen on. */
export interface Endpoint {
  /** An IPv4 address, an IPv6 address without brackets, or a host name such as `localhost`. */
  readonly address: string;
  /** The port; 0 lets the system choose. */
  readonly port: number;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/**
 * Reads `ADDR:PORT`, with an IPv6 address in brackets. Both parts are required: programs differ in what a missing part
 * means, and a port that is open by surprise is a security hole.
 *
 * @returns the endpoint, or a Fault
 */
export function parseEndpoint(text: string): Parsed<Endpoint> {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text);
  if (match === null) {
    const bare = isIPv6(text.replace(/:\d+$/, ''));
    return new Fault(
      bare ? 'an IPv6 address must stand in brackets, such as [::1]:2525' : 'it is not ADDR:PORT',
    );
  }
  const [, v6, other = '', port] = match;
  if (v6 !== undefined && !isIPv6(v6)) return new Fault(`"${v6}" is not an IPv6 address`);
  const address = v6 ?? other;
  if (address === '')
    return new Fault('it has no address; all of them are 0.0.0.0 (IPv4) or [::] (IPv6 and IPv4)');
  if (v6 === undefined && !isAddress(address))
    return new Fault(`"${address}" is neither an address nor a host name`);
  if (port === undefined || port === '') return new Fault('it has no port');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return new Fault(`port "${port}" is not a number from 0 (any free one) to 65535`);
  }
  return { address, port: Number(port) };
}

/** Writes an endpoint as {@link parseEndpoint} reads it. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${String(port)}`;
}

// 300.1.1.1 would pass as a host name; if the last label is a number, the name is a mistyped address.
function isAddress(text: string): boolean {
  return isIP(text) === 4 || (HOST_NAME.test(text) && !/(^|\.)\d+$/.test(text));
}
