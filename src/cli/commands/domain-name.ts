import { parseDomainName } from '../../submission/domain-name.js';
import { CliError } from '../error.js';

/**
 * Returns the form in which the store keeps a domain: lower case, A-labels, no dot at the end.
 *
 * @throws CliError if it is not a domain name
 */
export function domainName(text: string): string {
  const name = parseDomainName(text);
  if (name !== null) return name;
  const hint = text.includes('@') ? 'give only what stands after the @' : 'give one such as example.com';
  throw new CliError(`${JSON.stringify(text)} is not a domain name; ${hint}`);
}

/** Returns the error for a domain that the store does not have. */
export function noSuchDomain(name: string, data: string): CliError {
  return new CliError(`there is no domain ${name} in ${data}; "postern domain list" shows those that are`);
}
