/**
 * Ends of names that are for one network, or for none (RFC 6761, 6762, 8375; `internal` by ICANN; the last four by
 * habit). Names for documentation are not among them, since guides and tests use them.
 */
const NOT_PUBLIC: readonly string[] = [
  ...['localhost', 'local', 'test', 'invalid', 'onion', 'home.arpa', 'internal'],
  ...['localdomain', 'lan', 'home', 'corp'],
];

/** Returns false if others surely cannot look the host name up: it has no domain, is an address, or is for one network. */
export function isPublicName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (!name.includes('.') || /^[\d.]+$/.test(name)) return false;
  return !NOT_PUBLIC.some((end) => name === end || name.endsWith(`.${end}`));
}
