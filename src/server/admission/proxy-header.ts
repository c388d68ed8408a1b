import { Buffer } from 'node:buffer';
import { isIPv4, isIPv6 } from 'node:net';
import { Fault, type Parsed } from '../../base/fault.js';
import { FIXED } from '../limits.js';
import { canonicalAddress } from '../../base/networks.js';

/** The endpoints of the client's connection to the proxy, from a PROXY header. */
export interface ProxiedEndpoints {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** The result of {@link parseProxyHeader}. */
export type ProxyHeader =
  /** Not whole yet. */
  | { readonly kind: 'more' }
  /** Whole. `length` octets are the header's; what follows is the client's. */
  | { readonly kind: 'proxied'; readonly endpoints: ProxiedEndpoints; readonly length: number }
  /** Whole, and about the proxy's own connection (a health check), or about one that it knows nothing of. */
  | { readonly kind: 'local'; readonly length: number };

const V1_OCTETS = FIXED.proxyLine.initial;
const V2_OCTETS = FIXED.proxyBlock.initial;

const MORE: ProxyHeader = { kind: 'more' };

const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const V2_PREFIX = 16;

/**
 * Parses the header that a proxy puts before a client's octets: the PROXY protocol, versions 1 and 2, of
 * HAProxy (`doc/proxy-protocol.txt`).
 *
 * @param octets all that has come, from the first octet of the connection on.
 * @returns a fault, with a reason for the operator, if they begin no PROXY header.
 */
export function parseProxyHeader(octets: Buffer): Parsed<ProxyHeader> {
  if (startsAlike(octets, V2_SIGNATURE)) return octets.length < V2_PREFIX ? MORE : parseV2(octets);
  if (startsAlike(octets, V1_START)) return parseV1(octets);
  return new Fault('the connection does not begin with a PROXY header');
}

/** Whether the octets begin with the text, as far as they go. */
function startsAlike(octets: Buffer, text: Buffer): boolean {
  const length = Math.min(octets.length, text.length);
  return octets.subarray(0, length).equals(text.subarray(0, length));
}

function parseV1(octets: Buffer): Parsed<ProxyHeader> {
  const end = octets.indexOf('\r\n', 0, 'latin1');
  const length = end + 2;
  if (end < 0 ? octets.length >= V1_OCTETS : length > V1_OCTETS) {
    return new Fault(`a version 1 line is longer than ${V1_OCTETS} octets`);
  }
  if (end < 0) return MORE;
  const words = octets.toString('latin1', 0, end).split(' ');
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = words;
  // The rest of an UNKNOWN line is ignored.
  if (family === 'UNKNOWN') return { kind: 'local', length };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : null;
  if (isAddress === null) return new Fault('a version 1 line names neither TCP4, TCP6 nor UNKNOWN');
  if (words.length !== 6 || !isAddress(source) || !isAddress(destination)) {
    return new Fault('the addresses of a version 1 line are malformed');
  }
  if (!isPort(sourcePort) || !isPort(destinationPort))
    return new Fault('the ports of a version 1 line are malformed');
  return {
    kind: 'proxied',
    endpoints: {
      remoteAddress: canonicalAddress(source),
      remotePort: Number(sourcePort),
      localAddress: canonicalAddress(destination),
      localPort: Number(destinationPort),
    },
    length,
  };
}

/** Without a zone (`fe80::1%eth0`): the name of another machine's interface means nothing here. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

//     octet  0-11  signature
//     octet  12    version (high four bits, 2) and command (0 LOCAL, 1 PROXY)
//     octet  13    address family (0 none, 1 IPv4, 2 IPv6, 3 UNIX) and transport (0 none, 1 STREAM, 2 DGRAM)
//     octet  14-15 length of what follows: the addresses, then type-length values
function parseV2(octets: Buffer): Parsed<ProxyHeader> {
  const versionAndCommand = octets.readUInt8(12);
  const family = octets.readUInt8(13);
  const following = octets.readUInt16BE(14);
  if (versionAndCommand >> 4 !== 2) return new Fault(`version ${versionAndCommand >> 4} is neither 1 nor 2`);
  const command = versionAndCommand & 0x0f;
  if (command > 1) return new Fault(`command ${command} is neither LOCAL nor PROXY`);
  if (following > V2_OCTETS) return new Fault(`a version 2 header says that ${following} octets follow`);
  const length = V2_PREFIX + following;
  if (octets.length < length) return MORE;
  // With LOCAL the family is to be ignored, whatever it is.
  if (command === 0) return { kind: 'local', length };
  if (family >> 4 > 3 || (family & 0x0f) > 2) {
    return new Fault(`address family and transport 0x${family.toString(16)} are not of version 2`);
  }
  const addressOctets = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  // Anything but TCP over IPv4 and IPv6 is taken like LOCAL: such addresses mean nothing here.
  if (addressOctets === 0) return { kind: 'local', length };
  if (following < 2 * addressOctets + 4)
    return new Fault('a version 2 header is too short for its addresses');
  const format = addressOctets === 4 ? formatIPv4 : formatIPv6;
  const source = V2_PREFIX;
  const destination = source + addressOctets;
  const ports = destination + addressOctets;
  return {
    kind: 'proxied',
    endpoints: {
      remoteAddress: format(octets.subarray(source, destination)),
      remotePort: octets.readUInt16BE(ports),
      localAddress: format(octets.subarray(destination, ports)),
      localPort: octets.readUInt16BE(ports + 2),
    },
    length,
  };
}

function formatIPv4(octets: Buffer): string {
  return octets.join('.');
}

function formatIPv6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16));
  return canonicalAddress(groups.join(':'));
}
