import { Buffer, isAscii } from 'node:buffer';

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0;
/** RFC 5322 2.1.1: the most octets of a line without its CRLF. */
export const LINE_OCTETS = 998;
/** The most octets of a line with its CRLF. */
const WHOLE_LINE = LINE_OCTETS + 2;

/**
 * The properties of a content that servers must support; see `ContentNeeds` in the store's contract, which has the
 * same shape.
 */
interface Needs {
  readonly eightBit: boolean;
  readonly utf8Header: boolean;
  readonly binary: boolean;
  readonly longLines: boolean;
}

/**
 * Finds out what a content needs of the servers on its way, while the content passes in pieces.
 *
 * Once a need is found, it is not searched for again. The searches are native, over octets that are in the cache
 * because they have just been copied: about 50 µs for 1 MiB, whatever the length of its lines. A line is never
 * measured by itself: from the start of a line, the last LF within 1000 octets is searched backwards, so that a dozen
 * short lines cost one search.
 */
export class NeedsScanner {
  readonly #mayHaveBareLineEnds: boolean;
  #eightBit = false;
  #utf8Header = false;
  #binary = false;
  #longLines = false;
  /** Octets of the line that has not ended yet. */
  #line = 0;
  #afterCr = false;

  /**
   * @param mayHaveBareLineEnds if true, looks for a CR or LF outside CRLF. That takes a search for each line, and
   * servers accept such content only with BODY=BINARYMIME.
   */
  constructor(mayHaveBareLineEnds: boolean) {
    this.#mayHaveBareLineEnds = mayHaveBareLineEnds;
  }

  /** Takes the next octets of the header section, which includes its blank line. */
  header(octets: Uint8Array): void {
    if (!isAscii(octets)) this.#utf8Header = true;
    this.body(octets);
  }

  /** Takes the next octets of the body. */
  body(piece: Uint8Array): void {
    if (piece.length === 0) return;
    // The searches of a Buffer are ten times as fast as those of a plain Uint8Array.
    const octets = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    if (!this.#eightBit && !isAscii(octets)) this.#eightBit = true;
    if (!this.#binary && octets.includes(NUL)) this.#binary = true;
    if (this.#mayHaveBareLineEnds && !this.#binary) this.#findBareLineEnds(octets);
    if (!this.#longLines) this.#measure(octets);
  }

  /** Returns what all octets so far need. A last line without its CRLF counts as a line. */
  needs(): Needs {
    return {
      eightBit: this.#eightBit,
      utf8Header: this.#utf8Header,
      binary: this.#binary || this.#afterCr,
      longLines: this.#longLines || this.#line > LINE_OCTETS,
    };
  }

  #measure(octets: Buffer): void {
    // Where the line began: below 0 if it began in an earlier piece.
    let start = -this.#line;
    while (start + WHOLE_LINE <= octets.length) {
      const lf = octets.lastIndexOf(LF, start + WHOLE_LINE - 1);
      if (lf < start || lf < 0) {
        this.#longLines = true;
        return;
      }
      start = lf + 1;
    }
    const lf = octets.lastIndexOf(LF);
    this.#line = octets.length - (lf < 0 ? start : lf + 1);
  }

  #findBareLineEnds(octets: Buffer): void {
    let at = 0;
    if (this.#afterCr) {
      if (octets[0] !== LF) this.#binary = true;
      at = 1;
    }
    this.#afterCr = false;
    while (!this.#binary && at < octets.length) {
      const lf = octets.indexOf(LF, at);
      const cr = octets.indexOf(CR, at);
      if (lf < 0) {
        // A CR in the last place may be half of a CRLF.
        if (cr >= 0 && cr < octets.length - 1) this.#binary = true;
        this.#afterCr = cr === octets.length - 1;
        return;
      }
      if (lf === at || cr !== lf - 1) this.#binary = true;
      at = lf + 1;
    }
  }
}
