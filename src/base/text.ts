/** Makes text of unknown origin safe to show: on a terminal, in a log that people read, in a message's decoded text. */

/** What stands in for each character that is not shown. */
const REPLACEMENT = '\ufffd';

/**
 * Combining marks that may follow each other. The longest sequences of real scripts (Tibetan, Vietnamese, pointed
 * Hebrew) have fewer; longer ones draw over the lines around them.
 */
const MARKS_IN_A_ROW = 10;
const TOO_MANY_MARKS = new RegExp(`(\\p{M}{${MARKS_IN_A_ROW}})\\p{M}+`, 'gu');

/**
 * Characters that a terminal obeys, that turn the direction of writing, or that hide text or hide in it: controls,
 * lone surrogates, line and paragraph separators, bidirectional controls (UAX #9), invisible operators and spaces of
 * no width, and tag characters.
 *
 * U+200C and U+200D stay: scripts and emoji need them.
 */
const HIDDEN =
  '\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}';
const IN_A_LINE = new RegExp(`[${HIDDEN}]`, 'gu');
const IN_LINES = new RegExp(`(?![\\t\\n])[${HIDDEN}]`, 'gu');

/**
 * Returns the text as one line that is safe to show: each character that a terminal would obey, or that a reader
 * cannot see, is U+FFFD, and of a long row of combining marks the rest is.
 */
export function printable(text: string): string {
  return text.replace(IN_A_LINE, REPLACEMENT).replace(TOO_MANY_MARKS, `$1${REPLACEMENT}`);
}

/** As {@link printable}, for text of several lines: LF and TAB stay. */
export function printableLines(text: string): string {
  return text.replace(IN_LINES, REPLACEMENT).replace(TOO_MANY_MARKS, `$1${REPLACEMENT}`);
}
