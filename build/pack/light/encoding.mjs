// In place of @exodus/bytes in the package of the library, for `postern/testing`: Node's own decoders, but for
// windows-1252, which Node decodes as Latin-1 since 20.18.
const { TextDecoder: NodeDecoder } = globalThis;

/** 0x80 to 0x9F of windows-1252, by the WHATWG Encoding Standard. */
const HIGH =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

class Windows1252 {
  decode(octets) {
    return Buffer.from(octets)
      .toString('latin1')
      .replace(/[\x80-\x9f]/g, (character) => HIGH[character.charCodeAt(0) - 0x80]);
  }
}

/** Returns the name of the encoding that a label stands for, or null. */
export function normalizeEncoding(label) {
  try {
    return new NodeDecoder(label).encoding;
  } catch {
    return null;
  }
}

export function TextDecoder(encoding) {
  return encoding === 'windows-1252' ? new Windows1252() : new NodeDecoder(encoding);
}
