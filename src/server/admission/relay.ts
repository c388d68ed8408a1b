import type { XclientAttributes, XforwardAttributes } from '../../protocol/index.js';
import { canonicalAddress } from '../../base/networks.js';
import type { ProxiedEndpoints } from './proxy-header.js';

/** Postfix's word for an address that is not known. */
const UNKNOWN = 'unknown';

/** The endpoints after XCLIENT: what it said, and for the rest what they were. */
export function endpointsAfter(was: ProxiedEndpoints, said: XclientAttributes): ProxiedEndpoints {
  return {
    remoteAddress: addressOf(said.address, was.remoteAddress),
    remotePort: said.port === undefined ? was.remotePort : (said.port ?? 0),
    localAddress: addressOf(said.destinationAddress, was.localAddress),
    localPort: said.destinationPort === undefined ? was.localPort : (said.destinationPort ?? 0),
  };
}

function addressOf(said: string | null | undefined, was: string): string {
  if (said === undefined) return was;
  return said === null ? UNKNOWN : canonicalAddress(said);
}

/**
 * Where the next message is from, after one more XFORWARD. The first sets all that it does not say to
 * unknown, a further one leaves it (XFORWARD_README, "XFORWARD server operation").
 */
export function originAfter(was: XforwardAttributes | null, said: XforwardAttributes): XforwardAttributes {
  return { ...was, ...said };
}
