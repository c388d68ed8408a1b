import { Buffer } from 'node:buffer';

const CR = 0x0d;
const LF = 0x0a;
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');

/** The header section without the blank line, and the begin of the body. */
interface CollectedHeader {
  readonly section: Uint8Array;
  /** The octets given last, from the first octet of the body on. */
  readonly body: Uint8Array;
}

/**
 * Holds the octets of a message until its header section is complete (RFC 5322 2.1: it ends with an empty line). Most
 * messages come in one piece with their header section; then nothing is copied.
 */
export class HeaderCollector {
  #held: Buffer | null = null;
  #length = 0;

  /** @param limit the most octets that a header section may have, with its blank line */
  constructor(private readonly limit: number) {}

  /** Returns the section when it is complete, null before, or `tooLong`. */
  add(octets: Uint8Array): CollectedHeader | 'tooLong' | null {
    const piece = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    // The first place where the blank line could begin, which may be in the octets that came before.
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

  /** Octets of memory that are in use. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  /** Returns everything that was held, if the message ended without a blank line: then it is header section alone. */
  rest(): Uint8Array {
    return this.#held?.subarray(0, this.#length) ?? new Uint8Array(0);
  }

  #append(piece: Buffer): Buffer {
    const length = this.#length + piece.length;
    if (this.#held === null || this.#held.length < length) {
      // The size doubles, so that a header sent octet by octet is copied a few times and not once per octet.
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
  // If a message begins with its blank line, it has no header section.
  if (octets[0] === CR && octets[1] === LF) return { section: 0, body: 2 };
  const at = octets.indexOf(BLANK_LINE, from);
  return at < 0 ? null : { section: at + 2, body: at + 4 };
}
