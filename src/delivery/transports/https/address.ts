/** An address with the name that a field gives it; the name is decoded, and empty where there is none. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}

/** `Name <a@d>`, the name in quotes where it holds what would end it (RFC 5322 3.2.3, specials). */
export function formatAddress({ name, address }: NamedAddress): string {
  const shown = name.replace(/\p{Cc}+/gu, ' ').trim();
  if (shown === '') return address;
  const phrase = /["(),.:;<>@[\\\]]/.test(shown) ? `"${shown.replace(/["\\]/g, '\\$&')}"` : shown;
  return `${phrase} <${address}>`;
}
