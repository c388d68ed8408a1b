import { Buffer } from 'node:buffer';

const CR = 0x0d;
const LF = 0x0a;
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');

/** The header section, found: its octets without the blank line, and where the body begins. */
export interface CollectedHeader {
  readonly section: Uint8Array;
  /** The octets given last, from the body's first one on. */
  readonly body: Uint8Array;
}

/**
 * Holds the octets of a message until its header section is whole (RFC 5322 2.1: it ends with an empty
 * line). Most messages come in one piece with theirs; then nothing is copied.
 */
export class HeaderCollector {
  #held: Buffer | null = null;
  #length = 0;

  /** @param limit octets that a header section may have, with its blank line. */
  constructor(private readonly limit: number) {}

  /** The section once it is whole, null before, or `tooLong`. */
  add(octets: Uint8Array): CollectedHeader | 'tooLong' | null {
    const piece = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    // From where a blank line could have begun in what came before.
    const from = Math.max(0, this.#length - 3);
    const whole = this.#held === null ? piece : this.#append(piece);
    const end = endOf(whole, from);
    if (end === null) {
      if (whole.length > this.limit) return 'tooLong';
      if (this.#held === null) this.#append(piece);
      return null;
    }
    if (end.body > this.limit) return 'tooLong';
    return { section: whole.subarray(0, end.section), body: whole.subarray(end.body) };
  }

  /** Octets of memory that it takes. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  /** All that was held, where the message ended without a blank line: it is header section alone. */
  rest(): Uint8Array {
    return this.#held?.subarray(0, this.#length) ?? new Uint8Array(0);
  }

  #append(piece: Buffer): Buffer {
    const length = this.#length + piece.length;
    if (this.#held === null || this.#held.length < length) {
      // Doubled, so that a header sent octet by octet is copied a few times, not once an octet.
      const grown = Buffer.allocUnsafe(
        Math.max(length, Math.min(2 * (this.#held?.length ?? 0), this.limit), 1024),
      );
      this.#held?.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    piece.copy(this.#held, this.#length);
    this.#length = length;
    return this.#held.subarray(0, length);
  }
}

function endOf(octets: Buffer, from: number): { readonly section: number; readonly body: number } | null {
  // A message may begin with its blank line: it has no header at all.
  if (octets[0] === CR && octets[1] === LF) return { section: 0, body: 2 };
  const at = octets.indexOf(BLANK_LINE, from);
  return at < 0 ? null : { section: at + 2, body: at + 4 };
}
