import type { NamedAddress } from '../../../message/address-list.js';

/** `Name <a@d>`, the name in quotes where it holds what would end it (RFC 5322 3.2.3, specials). */
export function formatAddress({ name, address }: NamedAddress): string {
  if (name === '') return address;
  const phrase = /["(),.:;<>@[\\\]]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${phrase} <${address}>`;
}
