/** Octets and text: the few conversions that the core needs, without a platform's decoder. */

export const NUL = 0x00;
const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const DOT = 0x2e;

/** The line end. */
export const CRLF = Uint8Array.of(CR, LF);
/** No octets. Shared, since there is nothing in it to change. */
export const NOTHING = new Uint8Array(0);

/** Octets from `start` up to `end` as text: each as the character of the same number, so ISO 8859-1. */
export type ToText = (octets: Uint8Array, start: number, end: number) => string;

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

/** The octets of a text whose characters are all below U+0100: its ISO 8859-1. */
export type ToOctets = (text: string) => Uint8Array;

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

/**
 * The UTF-8 of a text, as a binary string.
 *
 * @throws URIError if the text has half of a surrogate pair.
 */
export function encodeUtf8(text: string): string {
  return encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

/** How many octets the text takes in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Offset of the first NUL in `[from, to)`, or -1. Its time grows with that stretch, whatever stands after it. */
export function nulWithin(octets: Uint8Array, from: number, to: number): number {
  // To look at a few octets one by one costs less than a view of them.
  if (to - from > 128) {
    const at = octets.subarray(from, to).indexOf(NUL);
    return at < 0 ? -1 : from + at;
  }
  for (let at = from; at < to; at++) if (octets[at] === NUL) return at;
  return -1;
}

/** Without the spaces in front: SP alone, as in a command's grammar. */
export function trimStart(text: string): string {
  return text.slice(afterSpaces(text, 0));
}

/** Offset of the first character from `from` on that is no space. */
export function afterSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SP) at++;
  return at;
}

/**
 * Without the white space behind: SP and HTAB (RFC 5234 B.1), where JavaScript's own `trim` would take CR
 * and octets of UTF-8 as well.
 */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === SP || text.charCodeAt(end - 1) === HT)) end--;
  return text.slice(0, end);
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
