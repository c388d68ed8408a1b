import type { NamedAddress } from '../../../message/address-list.js';

/**
 * Returns `Name <a@d>`. Puts the name in quotes if it has a character that would end it (RFC 5322 3.2.3, specials).
 */
export function formatAddress({ name, address }: NamedAddress): string {
  if (name === '') return address;
  const phrase = /["(),.:;<>@[\\\]]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${phrase} <${address}>`;
}
