import { Unreadable } from '../../message/mime/work.js';

/** The result of a job: a small value, and octets in pieces that the thread hands over. */
export interface JobResult<Value> {
  readonly value: Value;
  readonly pieces: readonly Uint8Array[];
}

/** Octets of one piece: small enough to be written to a socket without blocking the event loop. */
const PIECE = 256 * 1024;
/** Number of characters that are written as JSON in one step. */
const SLICE = 32 * 1024;
/**
 * Number of octets that are written as base64 in one step; a multiple of 3, so that there is no padding in between.
 */
const TRIPLETS = 3 * 16 * 1024;

/** Builds JSON as octets, in pieces. The JSON never exists as one string. */
export class JsonSink {
  readonly pieces: Uint8Array[] = [];
  #piece: Buffer = Buffer.alloc(0);
  #used = 0;
  #size = 0;

  /**
   * @param most the most octets altogether
   * @param over the reason that is given if there are more
   */
  constructor(
    private readonly most: number,
    private readonly over: string,
  ) {}

  /** Number of octets so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds JSON as it is. */
  raw(json: string): void {
    this.#add(Buffer.from(json));
  }

  /** Adds a string, with its quotes. */
  string(text: string): void {
    this.raw('"');
    for (let at = 0; at < text.length;) {
      let end = Math.min(text.length, at + SLICE);
      // Do not cut between the two halves of a character.
      const last = text.charCodeAt(end - 1);
      if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
      this.raw(JSON.stringify(text.slice(at, end)).slice(1, -1));
      at = end;
    }
    this.raw('"');
  }

  /** Adds octets as a string in base64, with its quotes. */
  base64(octets: Buffer): void {
    this.raw('"');
    for (let at = 0; at < octets.length; at += TRIPLETS) {
      this.#add(Buffer.from(octets.toString('base64', at, at + TRIPLETS), 'latin1'));
    }
    this.raw('"');
  }

  /** Ends the JSON. After that, the octets in `pieces` can be moved to another thread. */
  end(): void {
    // A copy of the used part only, because a buffer moves as a whole.
    if (this.#used > 0) this.pieces.push(new Uint8Array(this.#piece.subarray(0, this.#used)));
    this.#used = 0;
  }

  #add(octets: Uint8Array): void {
    this.#size += octets.length;
    if (this.#size > this.most) throw new Unreadable('5.3.4', this.over);
    for (let at = 0; at < octets.length;) {
      if (this.#used === this.#piece.length) this.#next();
      const part = octets.subarray(at, at + this.#piece.length - this.#used);
      this.#piece.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
    }
  }

  #next(): void {
    if (this.#used > 0) this.pieces.push(this.#piece);
    this.#piece = Buffer.allocUnsafeSlow(PIECE);
    this.#used = 0;
  }
}
