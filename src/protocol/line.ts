import { binaryString, concat, CR, LF } from './octets.js';

/** What {@link LineDecoder.next} found. */
export type LineStep =
  /** No line end in what was given. */
  | 'more'
  /** A line within its limit: see {@link LineDecoder.text}. */
  | 'line'
  /** A line that ended with a bare LF. */
  | 'bareNewline'
  /** The end of a line longer than its limit; what it held is gone. */
  | 'tooLong'
  /** A line that has gone on past all patience. */
  | 'endless';

/**
 * Cuts the octets into command lines. A line ends with CRLF; one that ends with a bare LF is given up, and
 * never run. That is its one meaning for the whole connection, so that no octets can be one command to
 * this server and another to something in front of it.
 *
 * Holds at most `limit + 2` octets, whatever comes.
 */
export class LineDecoder {
  /** The line without its CRLF, each octet as the character of the same number. Valid after `line`. */
  text = '';
  /** Offset of the first octet that was not used. */
  position = 0;

  /** The start of a line whose end has not come yet. */
  #held: Uint8Array | null = null;
  /** Octets swallowed of a line that is too long; 0 while it is not. */
  #swallowed = 0;

  /** Forgets a line that has begun. */
  drop(): void {
    this.#held = null;
    this.#swallowed = 0;
  }

  /** True between the first octet of a line and its end. */
  get inLine(): boolean {
    return this.#held !== null || this.#swallowed > 0;
  }

  /**
   * Reads on in `octets` from `from`, up to one line end.
   *
   * @param limit octets that a line may have without its CRLF.
   * @param patience octets of a line too long that are swallowed.
   */
  next(octets: Uint8Array, from: number, limit: number, patience: number): LineStep {
    const lf = octets.indexOf(LF, from);
    const end = lf < 0 ? octets.length : lf;
    this.position = lf < 0 ? end : lf + 1;
    const held = this.#held?.length ?? 0;

    if (this.#swallowed > 0 || held + end - from > limit + 1) {
      this.#swallowed += held + end - from;
      this.#held = null;
      if (this.#swallowed > patience) return 'endless';
      if (lf < 0) return 'more';
      this.#swallowed = 0;
      return 'tooLong';
    }
    if (lf < 0) {
      // Copied: a view would keep the whole read alive for the sake of a few octets.
      if (end > from) this.#held = concat([this.#held ?? NOTHING, octets.subarray(from, end)]);
      return 'more';
    }
    const start = this.#held === null ? '' : binaryString(this.#held, 0, held);
    this.#held = null;
    const whole = start + binaryString(octets, from, end);
    if (whole.charCodeAt(whole.length - 1) !== CR) return whole.length > limit ? 'tooLong' : 'bareNewline';
    this.text = whole.slice(0, -1);
    return 'line';
  }
}

const NOTHING = new Uint8Array(0);
