import { binaryString, concat, CR, LF, NOTHING, type ToText } from '../base/octets.js';
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

/** What {@link LineDecoder.next} found. */
export type LineStep =
  /** No line end in what was given. */
  | 'more'
  /** A line within its limit: see {@link LineDecoder.text}. */
  | 'line'
  /** A line that ended with a bare LF; only its first octets are left, in {@link LineDecoder.text}. */
  | 'bareNewline'
  /** The end of a line longer than its limit; only its first octets are left, in {@link LineDecoder.text}. */
  | 'tooLong'
  /** A line that is longer than `swallowable`. */
  | 'endless';

/** Octets kept of a line that is given up: enough to see which verb it had. */
const HEAD = 16;

/**
 * Cuts the octets into command lines. A line ends with CRLF; one that ends with a bare LF is given up, and
 * never run. That is its one meaning for the whole connection, so that no octets can be one command to
 * this server and another to something in front of it.
 *
 * Holds at most `limit + 1` octets, whatever comes, and none between two lines.
 */
export class LineDecoder {
  /** The line without its CRLF, each octet as the character of the same number. Until the next call. */
  text = '';
  /** Offset of the first octet that was not used. */
  position = 0;

  /** The start of a line whose end has not come yet: the first {@link #length} octets of this. */
  #held: Uint8Array | null = null;
  #length = 0;
  /** Octets swallowed of a line that is too long; 0 while it is not. */
  #swallowed = 0;
  /** How the line that is swallowed began. */
  #head = '';

  constructor(private readonly toText: ToText = binaryString) {}

  /** Forgets a line that has begun. */
  drop(): void {
    this.text = '';
    this.#swallowed = 0;
    this.#letGo();
  }

  /** True between the first octet of a line and its end. */
  get inLine(): boolean {
    return this.#held !== null || this.#swallowed > 0;
  }

  /**
   * Reads on in `octets` from `from`, up to one line end.
   *
   * @param limit octets that a line may have without its CRLF.
   * @param swallowable octets of a line too long that are swallowed.
   */
  next(octets: Uint8Array, from: number, limit: number, swallowable: number): LineStep {
    const lf = octets.indexOf(LF, from);
    const end = lf < 0 ? octets.length : lf;
    this.position = lf < 0 ? end : lf + 1;
    // A line that was read is not kept, least of all one with a password in it.
    this.text = '';

    // One octet more than the limit, since the last may be the CR.
    if (this.#swallowed > 0 || this.#length + end - from > limit + 1) {
      if (this.#swallowed === 0)
        this.#head = this.#whole(octets, from, Math.min(end, from + HEAD)).slice(0, HEAD);
      this.#swallowed += this.#length + end - from;
      this.#letGo();
      if (this.#swallowed > swallowable) return 'endless';
      if (lf < 0) return 'more';
      this.#swallowed = 0;
      return this.#tooLong(this.#head);
    }
    if (lf < 0) {
      if (end > from) this.#hold(octets.subarray(from, end), limit + 1);
      return 'more';
    }
    if (this.#held === null && end > from && octets[end - 1] === CR) {
      this.text = this.toText(octets, from, end - 1);
      return 'line';
    }
    const whole = this.#whole(octets, from, end);
    this.#letGo();
    if (whole.charCodeAt(whole.length - 1) !== CR) {
      this.text = whole.slice(0, HEAD);
      return whole.length > limit ? 'tooLong' : 'bareNewline';
    }
    this.text = whole.slice(0, -1);
    return 'line';
  }

  #tooLong(head: string): LineStep {
    this.text = head;
    return 'tooLong';
  }

  #whole(octets: Uint8Array, from: number, end: number): string {
    const start = this.#held === null ? '' : this.toText(this.#held, 0, this.#length);
    return start + this.toText(octets, from, end);
  }

  /** Keeps a copy: a view would keep a whole read alive for the sake of a few octets. */
  #hold(octets: Uint8Array, most: number): void {
    const length = this.#length + octets.length;
    if (this.#held === null || length > this.#held.length) {
      // Doubled, so that a line that comes octet by octet is not copied once an octet.
      const grown = new Uint8Array(Math.min(Math.max(length, 2 * this.#length), most));
      if (this.#held !== null) grown.set(this.#held);
      this.#held = grown;
    }
    this.#held.set(octets, this.#length);
    this.#length = length;
  }

  #letGo(): void {
    this.#held = null;
    this.#length = 0;
  }
}
