import { fromBinaryString } from '../../base/octets.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const STRICT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Decodes base64 strictly (RFC 4648 4; RFC 4954 4 wants nothing else): no space, no line break, padding
 * where it belongs, and no bits left over in the last character, so that each value has one spelling.
 *
 * @returns the octets as a binary string, or null where it is not base64.
 */
export function decodeBase64(text: string): string | null {
  if (!STRICT.test(text)) return null;
  let out = '';
  let bits = 0;
  let held = 0;
  for (const character of text) {
    if (character === '=') break;
    bits = (bits << 6) | ALPHABET.indexOf(character);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += String.fromCharCode((bits >> held) & 0xff);
    }
    bits &= (1 << held) - 1;
  }
  return bits === 0 ? out : null;
}

/** Encodes a binary string (RFC 4648 4). */
export function encodeBase64(binary: string): string {
  const octets = fromBinaryString(binary);
  let out = '';
  for (let i = 0; i < octets.length; i += 3) {
    const [a = 0, b = 0, c = 0] = octets.subarray(i, i + 3);
    const word = (a << 16) | (b << 8) | c;
    const four =
      ALPHABET.charAt(word >> 18) +
      ALPHABET.charAt((word >> 12) & 63) +
      ALPHABET.charAt((word >> 6) & 63) +
      ALPHABET.charAt(word & 63);
    const short = i + 3 - octets.length;
    out += short > 0 ? four.slice(0, 4 - short) + '='.repeat(short) : four;
  }
  return out;
}
