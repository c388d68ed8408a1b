import { domainToASCII } from 'node:url';
import { normalizeDomain } from '../message/domain.js';

/** Longest name in octets, without the root's empty label (RFC 1035 2.3.4). */
const NAME_OCTETS = 253;
/** Matches a label of a host name (RFC 1123 2.1). */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns the form in which the store keeps a sending domain: lower case, A-labels, no dot at the end. Returns null if
 * the text is not a domain name.
 */
export function parseDomainName(text: string): string | null {
  const name = normalizeDomain(text);
  if (name === null || name.length > NAME_OCTETS || !name.split('.').every((label) => LABEL.test(label)))
    return null;
  // If this function of a URL parser would still change the name, it is an IPv4 address or has a broken A-label.
  return domainToASCII(name) === name && !/(^|\.)\d+$/.test(name) ? name : null;
}
