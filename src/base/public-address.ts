import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not on the Internet or contain no hosts (IANA's registry of special-purpose addresses). */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // The metadata services of clouds have addresses in this network.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Global unicast. Loopback, ULA, link-local, multicast, mapped IPv4 and NAT64 are outside. */
const GLOBAL_V6 = ['2000::/3'];
/** Exceptions within it: protocol assignments, documentation, and 6to4, which contains an IPv4 address. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = list([...SPECIAL_V4, ...SPECIAL_V6]);
const global = list(GLOBAL_V6);

/**
 * Returns true if the address belongs to a host on the public Internet. A recipient's domain and a webhook must not
 * lead into the server's own network. Returns false if the text is not an address.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4');
    case 6:
      return global.check(address, 'ipv6') && !special.check(address, 'ipv6');
    default:
      return false;
  }
}

function list(networks: readonly string[]): BlockList {
  const made = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    made.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return made;
}
