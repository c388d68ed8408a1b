import { CR, DOT, LF } from '../../base/octets.js';

const END = Uint8Array.of(DOT, CR, LF);
const CRLF_END = Uint8Array.of(CR, LF, DOT, CR, LF);
const LF_END = Uint8Array.of(LF, DOT, CR, LF);

/**
 * Converts content piece by piece to the form that DATA carries: adds a dot to each line that begins with one, writes
 * CRLF for each CR or LF that stands alone, and ends the content (RFC 5321 4.5.2, 2.3.8).
 */
export class DotStuffer {
  #before = LF;

  /** Returns the piece as it is to be sent; the piece itself if nothing in it changes. */
  stuff(piece: Uint8Array): Uint8Array {
    let more = 0;
    let before = this.#before;
    for (const octet of piece) {
      if (octet === LF ? before !== CR : before === CR) more++;
      if (octet === DOT && (before === LF || before === CR)) more++;
      before = octet;
    }
    if (more === 0) {
      this.#before = before;
      return piece;
    }
    const stuffed = new Uint8Array(piece.length + more);
    let at = 0;
    before = this.#before;
    for (const octet of piece) {
      if (octet === LF ? before !== CR : before === CR) stuffed[at++] = octet === LF ? CR : LF;
      if (octet === DOT && (before === LF || before === CR)) stuffed[at++] = DOT;
      stuffed[at++] = octet;
      before = octet;
    }
    this.#before = before;
    return stuffed.subarray(0, at);
  }

  /** Returns the octets that end the content. */
  end(): Uint8Array {
    if (this.#before === CR) return LF_END;
    return this.#before === LF ? END : CRLF_END;
  }
}
