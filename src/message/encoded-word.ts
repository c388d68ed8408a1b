import libmime from 'libmime';

/**
 * Text with its encoded words (RFC 2047) decoded. What is broken in them stays as it is or becomes
 * U+FFFD; text without any comes back unchanged. Never throws. The result may hold any character, controls
 * and line ends as well: an encoded word can carry them all.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text;
  let decoded: string;
  try {
    decoded = libmime.decodeWords(text);
  } catch {
    // A hundred character sets stand behind that call, and the sender picks one.
    return text;
  }
  // UTF-16 in an encoded word can decode to half a pair, which no database or JSON text can hold.
  return decoded.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** For people to read on one line: encoded words decoded, every control and line separator a space. */
export function decodeForDisplay(text: string): string {
  return decodeEncodedWords(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .trim();
}
