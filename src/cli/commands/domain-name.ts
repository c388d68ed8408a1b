import { domainToASCII } from 'node:url';
import { normalizeDomain } from '../../message/domain.js';
import { CliError } from '../error.js';

/** Longest name in octets, without the root's empty label (RFC 1035 2.3.4). */
const NAME_OCTETS = 253;
/** Matches a label of a host name (RFC 1123 2.1). */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns the form in which the store keeps a domain: lower case, A-labels, no dot at the end.
 *
 * @throws CliError if it is not a domain name
 */
export function domainName(text: string): string {
  const name = normalizeDomain(text);
  const valid =
    name !== null &&
    name.length <= NAME_OCTETS &&
    name.split('.').every((label) => LABEL.test(label)) &&
    // If this function of a URL parser would still change the name, it is an IPv4 address or has a broken A-label.
    domainToASCII(name) === name &&
    !/(^|\.)\d+$/.test(name);
  if (valid) return name;
  const hint = text.includes('@') ? 'give only what stands after the @' : 'give one such as example.com';
  throw new CliError(`${JSON.stringify(text)} is not a domain name; ${hint}`);
}

/** Returns the error for a domain that the store does not have. */
export function noSuchDomain(name: string, data: string): CliError {
  return new CliError(`there is no domain ${name} in ${data}; "postern domain list" shows those that are`);
}
