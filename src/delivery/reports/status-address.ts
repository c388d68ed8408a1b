import { isAscii } from '../../base/ascii.js';

/**
 * Returns an address as Original-Recipient and Final-Recipient have it: its type, and the address itself (RFC 3464
 * 2.3.1, 2.3.2). An address beyond ASCII has the type `utf-8`. If the field must be ASCII, such an address is encoded
 * (RFC 6533 3, utf-8-addr-xtext).
 *
 * @param utf8 whether the field may hold UTF-8
 */
export function statusAddress(type: string, address: string, utf8: boolean): string {
  const known = type === 'rfc822' && !isAscii(address) ? 'utf-8' : type;
  return `${known}; ${known === 'utf-8' && !utf8 ? encoded(address) : address}`;
}

// RFC 6533 3
//   utf-8-addr-xtext    = 1*(QCHAR / EmbeddedUnicodeChar)
//   EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"
//   QCHAR               = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e
function encoded(address: string): string {
  return Array.from(address, (character) =>
    /^[!-*,-<>-[\]-~]$/.test(character)
      ? character
      : `\\x{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}}`,
  ).join('');
}
