import {
  type BareNewlines,
  type ContentFault,
  type ContentStep,
  lineEnds,
  normalized,
  type Scan,
  viewOf,
} from './decoder.js';
import { CR, CRLF, LF, NOTHING, NUL, nulWithin } from '../../base/octets.js';
import type { ChunkSize } from '../grammar/chunk-size.js';

/**
 * Reads the content that follows BDAT (RFC 3030 2): each chunk has as many octets as its command declared, dots mean
 * nothing, and the chunks of a message join exactly, inside a CRLF as well.
 *
 * Only under BODY=BINARYMIME may a CR or LF stand alone. Content declared as 7BIT or 8BITMIME consists of lines (RFC
 * 2045 2.7 and 2.8), and a relay may send it with DATA: there `LF "." LF` could be taken for the end by the next
 * server. So in such content a bare CR or LF is treated as after DATA, and so is a NUL. `CRLF "." CRLF` is content
 * like any other: a relay stuffs it.
 *
 * Slices are views of the input; nothing is copied, and no memory is reserved for the declared size.
 */
export class ChunkDecoder {
  /** Valid after `slice`, until the next call. */
  slice: Uint8Array = NOTHING;
  /** Valid after `fault`. */
  fault: ContentFault = { octet: 'LF', line: 0 };
  /** Offset of the first octet that was not used. */
  position = 0;

  /** Octets of the chunk that have not come yet. */
  #left = 0;
  #last = false;
  /** The octet before this one was a CR that may be half a CRLF; under `normalize` it is withheld. */
  #afterCr = false;
  #line = 1;
  /** True once the content is refused: it is only counted then. */
  #swallowing = false;

  /** @param bareNewlines what a bare CR or LF leads to; null: it is content (BODY=BINARYMIME). */
  constructor(
    private readonly bareNewlines: BareNewlines | null,
    private readonly scan: Scan,
  ) {}

  /** A chunk comes. The one before it has come to its end. */
  begin({ size, last }: ChunkSize): void {
    this.#left = size;
    this.#last = last;
  }

  /** Passes nothing on from here, and judges nothing: just counts. */
  swallow(): void {
    this.#swallowing = true;
  }

  /** Reads on in `octets` from `from`. Call again from {@link position} until `more`, or `end` of the chunk. */
  next(octets: Uint8Array, from: number): ContentStep {
    this.position = from;
    this.slice = NOTHING;
    if (this.#left === 0) return this.#last ? this.#finish() : 'end';
    const to = Math.min(octets.length, from + this.#left);
    if (to === from) return 'more';
    const judged = this.bareNewlines !== null && !this.#swallowing;
    const step = judged ? this.#judge(octets, from, to) : this.#pass(octets, from, to);
    this.#left -= this.position - from;
    // Not more: a chunk may end with what is withheld of it.
    return step === 'more' ? this.next(octets, this.position) : step;
  }

  /** The content ends here; a CR that waited for its LF is bare. */
  #finish(): ContentStep {
    if (!this.#afterCr || this.#swallowing) return 'end';
    this.#afterCr = false;
    return this.bareNewlines === 'reject' ? this.#faultAt('CR') : this.#emit(CRLF);
  }

  #pass(octets: Uint8Array, from: number, to: number): ContentStep {
    this.position = to;
    return this.#swallowing ? 'more' : this.#emit(viewOf(octets, from, to));
  }

  #judge(octets: Uint8Array, from: number, to: number): ContentStep {
    const halved = this.#afterCr && octets[from] === LF;
    if (this.#afterCr && !halved && this.bareNewlines === 'reject') return this.#faultAt('CR');
    if (this.#afterCr && this.bareNewlines === 'normalize') {
      // The CR that was withheld, with the LF that came or that was missing.
      this.#afterCr = false;
      this.#line++;
      if (halved) this.position++;
      return this.#emit(CRLF);
    }
    if (halved) this.#line++;
    const bare = this.scan.stop(octets, halved ? from + 1 : from, to, false);
    this.#line += this.scan.lines;
    if (bare < 0) return this.#endRun(octets, from, to);
    if (octets[bare] === NUL) {
      return bare === from ? this.#faultAt('NUL') : this.#endRun(octets, from, bare);
    }
    if (this.bareNewlines === 'normalize') {
      const nul = nulWithin(octets, bare, to);
      const step = this.#endRun(octets, from, nul < 0 ? to : nul);
      this.slice = normalized(this.slice);
      this.#line += lineEnds(this.slice) - this.scan.lines;
      return step;
    }
    if (octets[bare] === LF && bare === from) return this.#faultAt('LF');
    // First what came before, just as it would have gone if the bare octet had come in another piece.
    return this.#endRun(octets, from, octets[bare] === CR ? bare + 1 : bare);
  }

  /** Passes a run on, and settles whether it ended inside a CRLF. */
  #endRun(octets: Uint8Array, from: number, to: number): ContentStep {
    this.position = to;
    this.#afterCr = octets[to - 1] === CR;
    const end = this.#afterCr && this.bareNewlines === 'normalize' ? to - 1 : to;
    return end > from ? this.#emit(viewOf(octets, from, end)) : 'more';
  }

  #faultAt(octet: ContentFault['octet']): ContentStep {
    this.#swallowing = true;
    this.fault = { octet, line: this.#line };
    return 'fault';
  }

  #emit(slice: Uint8Array): ContentStep {
    this.slice = slice;
    return 'slice';
  }
}
