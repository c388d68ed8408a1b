/**
 * Decodes xtext (RFC 3461 4, RFC 4954 8): `+XX` stands for an octet, in capital hexadecimal digits;
 * everything else is a printable character other than `+` and `=`.
 *
 * @returns a binary string, or null where it is not xtext.
 */
export function decodeXtext(text: string): string | null {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(text)) return null;
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
