import { wellFormed } from './charset.js';

/** Characters that change the direction of the text after them, so that people read something else (UTS 55). */
const BIDI_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

/** Longest file name that file systems take, in characters. */
const MAX_FILE_NAME = 255;

/**
 * Cleans text that was decoded from a header field, so that it fits on one line: line ends, other controls and line
 * separators become a space each, directional overrides are removed, and lone surrogates become U+FFFD. Called once,
 * where the text is decoded, so that no output has to do it again.
 */
export function cleanLine(text: string): string {
  return wellFormed(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(BIDI_CONTROLS, '')
    .trim();
}

/**
 * Cleans the name of a file (RFC 2183 2.3): one line as {@link cleanLine} makes it, without any folders, and at
 * most 255 characters long, the extension kept.
 *
 * @returns null if nothing of a name is left
 */
export function cleanFileName(text: string): string | null {
  const line = cleanLine(text);
  const name = line.slice(Math.max(line.lastIndexOf('/'), line.lastIndexOf('\\')) + 1).trim();
  if (/^\.*$/.test(name)) return null;
  return name.length <= MAX_FILE_NAME ? name : shortened(name);
}

function shortened(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  // Do not cut a character of two code units in half.
  return wellFormed(name.slice(0, MAX_FILE_NAME - extension.length)) + extension;
}
