import { hexPair } from '../../message/mime/transfer.js';
import type { Filter } from './filter.js';
import { QuotedPrintableEncoder } from './quoted-printable.js';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const EQUALS = 0x3d;

/** White space that may end a line, in octets. A run that is longer is text: it must not be held without end. */
const MOST_BLANKS = 64 * 1024;

/**
 * What the last octets were, if the next ones decide what they mean:
 * - `blanks`: white space, which is dropped if the line ends after it
 * - `equals`: "=", perhaps with white space after it: a soft line break if the line ends there
 * - `digit`: "=" and one hexadecimal digit
 *
 * A CR is held in addition, in the first two states.
 */
type State = 'text' | 'blanks' | 'equals' | 'digit';

/**
 * Decodes quoted-printable as the reader of messages does (`decodeQuotedPrintable`), and encodes it anew, so that no
 * line is too long.
 */
export class QuotedPrintableAgain implements Filter {
  readonly #encoder = new QuotedPrintableEncoder();
  #state: State = 'text';
  readonly #blanks = Buffer.allocUnsafe(MOST_BLANKS);
  #blankCount = 0;
  #afterCr = false;
  #digit = 0;
  #out: Buffer = Buffer.alloc(0);
  #length = 0;

  update(piece: Buffer): Buffer {
    this.#begin(piece.length);
    for (let at = 0; at < piece.length; at++) this.#octet(piece[at] as number);
    return this.#encoder.update(this.#out.subarray(0, this.#length));
  }

  end(): Buffer {
    this.#begin(0);
    // White space and a soft line break at the end are dropped.
    if (this.#afterCr || this.#state === 'digit') this.#flush();
    const last = this.#encoder.update(this.#out.subarray(0, this.#length));
    return Buffer.concat([last, this.#encoder.end()]);
  }

  #begin(room: number): void {
    this.#out = Buffer.allocUnsafe(room + this.#blankCount + 3);
    this.#length = 0;
  }

  #octet(octet: number): void {
    if (this.#afterCr) {
      if (octet === LF) {
        const isSoft = this.#state === 'equals';
        this.#drop();
        if (!isSoft) this.#put(CR, LF);
        return;
      }
      this.#flush();
    }
    if (this.#state === 'equals' && this.#blankCount === 0 && hexPair(octet, 0x30) >= 0) {
      this.#state = 'digit';
      this.#digit = octet;
    } else if (this.#state === 'digit') {
      const value = hexPair(this.#digit, octet);
      if (value >= 0) {
        this.#drop();
        this.#put(value);
      } else {
        this.#flush();
        this.#octet(octet);
      }
    } else if (octet === SPACE || octet === TAB) this.#blank(octet);
    else if (octet === CR) this.#afterCr = true;
    else if (octet === LF) {
      const isSoft = this.#state === 'equals';
      this.#drop();
      if (!isSoft) this.#put(LF);
    } else {
      this.#flush();
      if (octet === EQUALS) this.#state = 'equals';
      else this.#put(octet);
    }
  }

  #blank(octet: number): void {
    if (this.#blankCount === MOST_BLANKS) this.#flush();
    if (this.#state === 'text') this.#state = 'blanks';
    this.#blanks[this.#blankCount++] = octet;
  }

  /** What is held is text. */
  #flush(): void {
    if (this.#state === 'equals' || this.#state === 'digit') this.#put(EQUALS);
    if (this.#state === 'digit') this.#put(this.#digit);
    this.#length += this.#blanks.copy(this.#out, this.#length, 0, this.#blankCount);
    if (this.#afterCr) this.#put(CR);
    this.#drop();
  }

  #drop(): void {
    this.#state = 'text';
    this.#blankCount = 0;
    this.#afterCr = false;
  }

  #put(...octets: number[]): void {
    for (const octet of octets) this.#out[this.#length++] = octet;
  }
}
