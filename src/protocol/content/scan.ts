import { CR, DOT, LF, nulWithin } from '../../base/octets.js';

/**
 * The two searches that message content needs. They are the only per-octet work on a body, so a platform
 * may hand in faster ones; these need nothing but the language.
 */
export interface Scan {
  /**
   * Looks in `[from, to)` for the first octet that content cannot simply pass over: a bare CR, a bare LF, a
   * NUL, or, with `dots`, the dot behind a CRLF. Counts the line ends before it.
   *
   * `from` must not be the LF of a CRLF, and what stands before it does not matter: a dot there starts no
   * line. A CR at `to - 1` is not judged: its LF may come later.
   *
   * @returns the offset of that octet, or -1. {@link lines} then holds the count of CRLF passed.
   */
  stop(octets: Uint8Array, from: number, to: number, dots: boolean): number;

  /** CRLF seen by the last call of {@link stop}. */
  readonly lines: number;

  /** Offset of the dot of the first `CRLF "."` in `octets` from `from` on, or -1. Judges nothing else. */
  dotLine(octets: Uint8Array, from: number): number;
}

/** The searches over `indexOf`, which is native on a Uint8Array and on a Node Buffer alike. */
export class PortableScan implements Scan {
  lines = 0;

  stop(octets: Uint8Array, from: number, to: number, dots: boolean): number {
    const found = this.#line(octets, from, to, dots);
    const nul = nulWithin(octets, from, found < 0 ? to : found);
    if (nul < 0) return found;
    // Only the count of the lines before it is missing. A CR right before it would be bare, and have been found.
    this.#line(octets, from, nul, dots);
    return nul;
  }

  /** As {@link stop}, with no eye for NUL. */
  #line(octets: Uint8Array, from: number, to: number, dots: boolean): number {
    this.lines = 0;
    for (let at = from; ;) {
      const lf = octets.indexOf(LF, at);
      const end = lf < 0 || lf >= to ? to : lf;
      const cr = octets.indexOf(CR, at);
      if (cr >= 0 && cr < end - 1) return cr;
      if (end === to) return -1;
      // A piece's first octet has no predecessor: if the piece has no CR at all, -1 would match -1.
      if (lf === from || cr !== lf - 1) return lf;
      this.lines++;
      at = lf + 1;
      if (dots && at < to && octets[at] === DOT) return at;
    }
  }

  dotLine(octets: Uint8Array, from: number): number {
    for (let at = from; ;) {
      const lf = octets.indexOf(LF, at);
      if (lf < 0) return -1;
      at = lf + 1;
      if (octets[at] === DOT && lf > from && octets[lf - 1] === CR) return at;
    }
  }
}
