import { printable } from '../base/text.js';

/** Longest cell in columns; a longer one ends in an ellipsis. */
const CELL_WIDTH = 48;

/**
 * Returns lines of aligned columns. Text that comes from messages is made safe for a terminal.
 *
 * @param width of the terminal, to which lines are cut; if it is undefined, nothing is cut
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width?: number,
): string {
  return new Table(header, width).lines(rows);
}

/**
 * A table that is written page by page, so that it needs the memory of one page. Its columns are as wide as the widest
 * cell so far: a later page may widen them.
 */
export class Table {
  readonly #widths: number[];
  readonly #width: number | undefined;
  #header: readonly string[] | null;

  constructor(header: readonly string[], width?: number) {
    this.#header = header;
    this.#width = width;
    this.#widths = header.map(() => 0);
  }

  /** Returns the lines of some rows; the first call returns the header as well. */
  lines(rows: readonly (readonly string[])[]): string {
    const all = this.#header === null ? rows : [this.#header, ...rows];
    this.#header = null;
    const cells = all.map((row) => row.map((cell) => cut(printable(cell), CELL_WIDTH)));
    for (const row of cells) {
      for (const [column, cell] of row.entries()) {
        this.#widths[column] = Math.max(this.#widths[column] ?? 0, widthOf(cell));
      }
    }
    return cells
      .map((row) =>
        row
          .map((cell, column) => pad(cell, this.#widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .map((line) => `${this.#width === undefined ? line : cut(line, this.#width)}\n`)
      .join('');
  }
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let left = width - 1;
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

const graphemes = new Intl.Segmenter();
/** Matches characters that terminals show two columns wide: emoji, and the scripts of East Asia (UAX #11, roughly). */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** Matches text of which each character is one column wide: most cells. */
const NARROW = /^[ -~]*$/;

/** Most cells are ASCII. To look at each of their characters makes a list of 130,000 messages take 104 s and not 7 s. */
function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}
