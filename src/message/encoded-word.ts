import { isAscii } from 'node:buffer';
import { decodeCharset } from './charset.js';
import { cleanLine } from './clean.js';
import { decodeBase64, decodeQ } from './mime/transfer.js';

/**
 * encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" (RFC 2047 2, RFC 2231 5). Spaces in
 * the text are accepted, because some programs leave them there. A match that fails ends at the next "?", and no other
 * match begins before it, so the search is linear.
 */
const WORD = /=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([BbQq])\?([^?]*)\?=/g;

/** Encoded words that follow each other with only white space between them. */
interface Run {
  readonly charset: string;
  readonly pieces: Buffer[];
  /** Offset of the first word as written, and the offset after the last one. */
  readonly start: number;
  end: number;
}

/**
 * Decodes the encoded words of a text (RFC 2047). If the character set of a word is unknown, the word stays as
 * written, unless its octets are all ASCII. Octets that the character set does not have become U+FFFD. Text without
 * encoded words comes back unchanged. Never throws, and takes time linear in the text. The result may hold any
 * character, controls and line ends as well: use {@link decodeForDisplay} for text that is shown.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text;
  let decoded = '';
  let from = 0;
  for (const run of runsOf(text)) {
    const gap = text.slice(from, run.start);
    // White space between two encoded words is not part of the text (RFC 2047 6.2).
    if (from === 0 || /[^ \t\r\n]/.test(gap)) decoded += gap;
    decoded += decodeRun(run) ?? text.slice(run.start, run.end);
    from = run.end;
  }
  return decoded + text.slice(from);
}

/** Decodes the encoded words of a text and cleans it so that people can read it on one line: see {@link cleanLine}. */
export function decodeForDisplay(text: string): string {
  return cleanLine(decodeEncodedWords(text));
}

/**
 * Collects encoded words of one character set that follow each other. They are decoded together, because some programs
 * count octets and cut a character in two.
 */
function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  for (const match of text.matchAll(WORD)) {
    const [word, charset = '', encoding, payload = ''] = match;
    const octets =
      encoding === 'Q' || encoding === 'q' ? decodeQ(payload) : decodeBase64(Buffer.from(payload));
    const last = runs.at(-1);
    const label = charset.toLowerCase();
    if (last?.charset === label && !/[^ \t\r\n]/.test(text.slice(last.end, match.index))) {
      last.pieces.push(octets);
      last.end = match.index + word.length;
    } else
      runs.push({ charset: label, pieces: [octets], start: match.index, end: match.index + word.length });
  }
  return runs;
}

function decodeRun({ charset, pieces }: Run): string | null {
  const [first] = pieces;
  const octets = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
  return decodeCharset(charset, octets) ?? (isAscii(octets) ? octets.toString('latin1') : null);
}
