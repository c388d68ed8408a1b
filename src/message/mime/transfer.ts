/** The transfer encodings of RFC 2045 6 and the Q encoding of RFC 2047 4.2: octets from octets, in linear time. */

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;

/**
 * Decodes base64 (RFC 2045 6.8). Skips characters outside its alphabet. If there is more after a padding, as in texts
 * that were encoded in pieces and then joined, that is decoded too.
 */
export function decodeBase64(encoded: Buffer): Buffer {
  const text = encoded.toString('latin1');
  const firstPad = text.indexOf('=');
  if (firstPad < 0 || !/[A-Za-z0-9+/]/.test(text.slice(firstPad))) return Buffer.from(text, 'base64');
  const pieces: Buffer[] = [];
  for (const piece of text.split(/=[\s=]*/)) {
    if (piece !== '') pieces.push(Buffer.from(piece, 'base64'));
  }
  return Buffer.concat(pieces);
}

/**
 * Decodes quoted-printable (RFC 2045 6.7). Line ends stay as they are. White space at the end of a line is removed,
 * because a transport added it. "=" at the end of a line joins it with the next one. "=" before anything else is kept.
 */
export function decodeQuotedPrintable(encoded: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(encoded.length);
  let length = 0;
  /** Length without the white space that the line ends with so far. */
  let solid = 0;
  for (let at = 0; at < encoded.length; at++) {
    const octet = encoded[at] as number;
    if (octet === LF || octet === CR) {
      // A CR that is not followed by LF is not a line end.
      if (octet === LF || encoded[at + 1] === LF) length = solid;
      decoded[length++] = octet;
      solid = length;
    } else if (octet === SPACE || octet === TAB) {
      decoded[length++] = octet;
    } else if (octet !== EQUALS) {
      decoded[length++] = octet;
      solid = length;
    } else {
      const value = hexPair(encoded[at + 1], encoded[at + 2]);
      if (value >= 0) {
        decoded[length++] = value;
        at += 2;
      } else {
        const next = softBreakEnd(encoded, at + 1);
        if (next < 0) decoded[length++] = octet;
        else at = next - 1;
      }
      // White space before a soft line break belongs to the text.
      solid = length;
    }
  }
  return decoded.subarray(0, solid);
}

/** Decodes the Q encoding of an encoded word: "_" is a space (RFC 2047 4.2). */
export function decodeQ(text: string): Buffer {
  const encoded = Buffer.from(text);
  const decoded = Buffer.allocUnsafe(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    const octet = encoded[at] as number;
    const value = octet === EQUALS ? hexPair(encoded[at + 1], encoded[at + 2]) : -1;
    if (value >= 0) at += 2;
    decoded[length++] = value >= 0 ? value : octet === UNDERSCORE ? SPACE : octet;
  }
  return decoded.subarray(0, length);
}

/** Returns the octet that two hexadecimal digits stand for, in either case; -1 if they are not digits. */
export function hexPair(high: number | undefined, low: number | undefined): number {
  const [first, second] = [hexDigit(high), hexDigit(low)];
  return first < 0 || second < 0 ? -1 : first * 16 + second;
}

function hexDigit(octet = 0): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Returns the offset of the line that a soft line break at `at` leads to; -1 if it is not a soft line break. White
 * space that a transport added after the "=" is skipped.
 */
function softBreakEnd(octets: Buffer, at: number): number {
  let end = at;
  while (octets[end] === SPACE || octets[end] === TAB) end += 1;
  if (end === octets.length) return end;
  if (octets[end] === LF) return end + 1;
  return octets[end] === CR && octets[end + 1] === LF ? end + 2 : -1;
}
