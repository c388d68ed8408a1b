import { isIPv4, isIPv6 } from 'node:net';
import { normalizeDomain } from '../../../message/domain.js';

/**
 * Returns the domain of a mailbox: in lower case with A-labels, or an address literal. Empty if the mailbox has no
 * domain.
 */
export function destinationOf(forwardPath: string): string {
  const at = forwardPath.lastIndexOf('@');
  const domain = at < 0 ? '' : forwardPath.slice(at + 1);
  return (domain.startsWith('[') ? domain.toLowerCase() : normalizeDomain(domain)) ?? '';
}

/** Returns the address in an address literal (RFC 5321 4.1.3); null if the domain is not an address literal. */
export function literalAddress(domain: string): string | null {
  const [, v6, v4 = ''] = /^\[(?:ipv6:([^\]]*)|([^\]]*))\]$/i.exec(domain) ?? [];
  if (v6 !== undefined) return isIPv6(v6) ? v6 : null;
  return isIPv4(v4) ? v4 : null;
}
