import { LineDecoder, type LineStep } from './commands/line-decoder.js';
import { binaryString, concat, NOTHING, type ToText } from '../base/octets.js';
import type { IncomingContent, IncomingStep } from './content/incoming-content.js';

/**
 * The octets that were received and not yet read, in the pieces they came in. Nothing is joined: to pile
 * pieces up costs no more than to read them one by one. An empty inbox holds no memory.
 */
export class Inbox {
  /** The piece that is being read; empty where nothing waits. */
  #piece: Uint8Array = NOTHING;
  /** Where {@link #piece} is to be read on. */
  #offset = 0;
  /** The pieces after it, all non-empty, of which {@link #next} is the first unread; null if it is the last. */
  #later: Uint8Array[] | null = null;
  #next = 0;
  readonly #decoder: LineDecoder;

  constructor(toText: ToText = binaryString) {
    this.#decoder = new LineDecoder(toText);
  }

  /** How many octets wait. */
  get length(): number {
    let length = this.#piece.length - this.#offset;
    for (const piece of this.#waiting()) length += piece.length;
    return length;
  }

  push(octets: Uint8Array): void {
    if (octets.length === 0) return;
    if (this.#piece.length === 0) this.#piece = octets;
    else if (this.#later === null) this.#later = [octets];
    else this.#later.push(octets);
  }

  /**
   * Reads up to one line end. `more`: everything was read, and none was there.
   *
   * @param limit octets that a line may have without its CRLF.
   * @param swallowable octets of a line too long that are swallowed.
   */
  readLine(limit: number, swallowable: number): LineStep {
    while (this.#piece.length > 0) {
      const step = this.#decoder.next(this.#piece, this.#offset, limit, swallowable);
      this.#advanceTo(this.#decoder.position);
      if (step !== 'more') return step;
    }
    this.#decoder.text = '';
    return 'more';
  }

  /** The line that was read last, or its first octets where it was too long. Until the next call. */
  get line(): string {
    return this.#decoder.text;
  }

  /** True between the first octet of a line and its end. */
  get inLine(): boolean {
    return this.#decoder.inLine;
  }

  /** Reads content. `more`: everything was read. */
  readContent(reception: IncomingContent): IncomingStep {
    for (;;) {
      const step = reception.next(this.#piece, this.#offset);
      this.#advanceTo(reception.position);
      if (step !== 'more' || this.#piece.length === 0) return step;
    }
  }

  /** Forgets everything, a line that has begun as well. */
  drop(): void {
    this.#piece = NOTHING;
    this.#offset = 0;
    this.#later = null;
    this.#next = 0;
    this.#decoder.drop();
  }

  /** Everything that waits, as one piece. Nothing waits then. */
  take(): Uint8Array {
    const octets = concat([this.#piece.subarray(this.#offset), ...this.#waiting()]);
    this.drop();
    return octets;
  }

  /** Moves to `offset`; if that is the end of the piece, to the next piece. */
  #advanceTo(offset: number): void {
    if (offset < this.#piece.length) {
      this.#offset = offset;
      return;
    }
    this.#offset = 0;
    const later = this.#later;
    if (later === null) {
      this.#piece = NOTHING;
      return;
    }
    // By index: to shift would move all that waits, once a piece.
    this.#piece = later[this.#next++] as Uint8Array;
    if (this.#next === later.length) {
      this.#later = null;
      this.#next = 0;
    }
  }

  #waiting(): readonly Uint8Array[] {
    return this.#later?.slice(this.#next) ?? [];
  }
}
