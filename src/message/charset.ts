import { isUtf8 } from 'node:buffer';
import { TextDecoder, normalizeEncoding } from '@exodus/bytes/encoding.js';
import iconv from 'iconv-lite';

/**
 * Character sets that mail uses and the WHATWG Encoding Standard lacks, by the names of iconv-lite. They are listed
 * because iconv-lite also has entries that are not character sets, such as `base64` and `hex`.
 */
const ADDITIONAL_CHARSETS =
  /^(?:utf-?7|utf-?32(?:le|be)?|cp-?\d{3,5}|ibm-?\d{3,5}|mac(?:greek|turkish|iceland|romania|croatian|thai|ukraine|centeuro)|tis-?620|armscii-?8|viscii|tcvn|georgian-?(?:academy|ps)|hp-?roman8|rk1048|mik|pt154|koi8-?t|koi8-?ru)$/;

/** Decoders by label as written. A sender chooses the labels, so the map is emptied when it is full. */
const known = new Map<string, Decode | null>();
const MOST_KNOWN = 256;

type Decode = (octets: Uint8Array) => string;

/**
 * Decodes octets by a label of the WHATWG Encoding Standard, exactly as the standard says (iso-8859-1 and us-ascii are
 * windows-1252), or by one of the additional character sets that mail uses. Removes a byte order mark. Replaces octets
 * that the character set does not have with U+FFFD. The result has no lone surrogates.
 *
 * Node's own `TextDecoder` is not used: since 20.18 it decodes windows-1252 as Latin-1.
 *
 * @returns null if the label is unknown, or if the standard forbids it
 */
export function decodeCharset(label: string, octets: Uint8Array): string | null {
  let decode = known.get(label);
  if (decode === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    decode = decoderOf(label.trim().toLowerCase());
    known.set(label, decode);
  }
  return decode === null ? null : decode(octets);
}

function decoderOf(label: string): Decode | null {
  const encoding = normalizeEncoding(label);
  if (encoding === 'replacement') return null;
  if (encoding !== null) {
    const decoder = new TextDecoder(encoding);
    return (octets) => decoder.decode(octets);
  }
  if (!ADDITIONAL_CHARSETS.test(label) || !iconv.encodingExists(label)) return null;
  return (octets) => wellFormed(iconv.decode(Buffer.from(octets), label));
}

/**
 * Decodes text that has no character set, or is labelled as ASCII. If it is valid UTF-8, it is decoded as UTF-8,
 * because programs that omit the label mostly write UTF-8; else as windows-1252, which the WHATWG Encoding Standard
 * has for both.
 */
export function decodeUnlabelled(octets: Uint8Array): string {
  return (isUtf8(octets) ? decodeCharset('utf-8', octets) : decodeCharset('windows-1252', octets)) ?? '';
}

/** Replaces each half of a surrogate pair, which neither JSON text nor a database can hold, with U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
