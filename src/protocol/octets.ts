/** Octets and text: the few conversions that the core needs, without a platform's decoder. */

export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DOT = 0x2e;

/** Every octet as the character of the same number. Nothing is lost, nothing is interpreted. */
export function binaryString(octets: Uint8Array, start: number, end: number): string {
  let text = '';
  // In pieces: the arguments of a call live on the stack, and a line may have 12,288 octets.
  for (let at = start; at < end; at += 4096) {
    const piece = octets.subarray(at, Math.min(end, at + 4096));
    text += String.fromCharCode.apply(null, piece as unknown as number[]);
  }
  return text;
}

/** The octets of a string whose characters are all below U+0100. */
export function fromBinaryString(text: string): Uint8Array {
  const octets = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
  return octets;
}

/**
 * Decodes UTF-8 held in a binary string, strictly (RFC 3629): no overlong form, no surrogate, nothing
 * above U+10FFFF, nothing cut short.
 *
 * @returns null where it is not UTF-8.
 */
export function decodeUtf8(binary: string): string | null {
  try {
    // decodeURIComponent is the language's own strict UTF-8 decoder; every octet is given as %XX.
    return decodeURIComponent(
      binary.replace(/[^0-9A-Za-z]/g, (c) => '%' + (c.charCodeAt(0) + 0x100).toString(16).slice(1)),
    );
  } catch {
    return null;
  }
}

/** How many octets the text takes in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
