/** Encodes a value as xtext (RFC 3461 4): all characters but `!` to `~` without `+` and `=` become `+XX`, in UTF-8. */
export function encodeXtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/gu, (character) =>
    [...Buffer.from(character)].map((octet) => `+${hexadecimal(octet)}`).join(''),
  );
}

/**
 * Encodes `type;address` for ORCPT. An address of the type `utf-8` gets the form that also goes without SMTPUTF8 (RFC
 * 6533 3, utf-8-addr-xtext); any other address becomes xtext.
 */
export function encodeOriginalRecipient(recipient: string): string {
  const [, type = '', address = ''] = /^([^;]*);(.*)$/s.exec(recipient) ?? [];
  if (type.toLowerCase() !== 'utf-8') return `${type};${encodeXtext(address)}`;
  const coded = address.replace(
    /[^!-*,-<>-[\]-~]/gu,
    (character) => `\\x{${hexadecimal(character.codePointAt(0) ?? 0)}}`,
  );
  return `${type};${coded}`;
}

function hexadecimal(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0');
}
