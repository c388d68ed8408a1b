import { type Hash, createHash } from 'node:crypto';

// Relaxed canonicalization; octets are characters of latin1. mailauth's own function is not used to sign. It treats the
// octet A0, which is a part of many letters in UTF-8, as white space, so that verifiers would find the signature wrong;
// and it reads a long line again with each piece of it.

/**
 * Canonicalizes a field (RFC 6376 3.4.2): the name in lower case, one line, one space for each run of white space, no
 * white space at the ends.
 */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':');
  const name = field
    .slice(0, colon)
    .toLowerCase()
    .replace(/[ \t]+$/, '');
  const value = field
    .slice(colon + 1)
    .replaceAll('\r\n', '')
    .replace(/[ \t]{2,}|\t/g, ' ');
  return `${name}:${value.startsWith(' ') ? value.slice(1) : value}`.replace(/ $/, '');
}

/** A run of empty lines is hashed in pieces of this many. */
const EMPTY_LINES = '\r\n'.repeat(4096);

/**
 * The hash of a body that comes in pieces (RFC 6376 3.4.4): no white space at the ends of lines, one space for each
 * other run of white space, no empty lines at the end, and a CRLF at the end if the body is not empty.
 *
 * For speed, native searches go over each piece a fixed number of times. Between two pieces at most three characters
 * and a count are kept.
 */
export class RelaxedBody {
  readonly #hash: Hash = createHash('sha256');
  /** A space and a CR that may turn out to end a line. */
  #held = '';
  /** Number of line ends that count only if text follows. */
  #lineEnds = 0;
  #empty = true;

  update(piece: Uint8Array): void {
    const text = this.#held + Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    const spaced = text.replace(/[ \t]{2,}|\t/g, ' ').replaceAll(' \r\n', '\r\n');
    let end = spaced.length;
    if (spaced.endsWith('\r')) end -= 1;
    if (spaced[end - 1] === ' ') end -= 1;
    this.#held = spaced.slice(end);
    this.#add(spaced, end);
  }

  /** Ends the body and returns the hash in base64. */
  digest(): string {
    // A space at the end belongs to the end of the last line; a CR without its LF is text.
    if (this.#held.endsWith('\r')) this.#add(this.#held, this.#held.length);
    if (!this.#empty) this.#hash.update('\r\n');
    return this.#hash.digest('base64');
  }

  #add(text: string, length: number): void {
    let end = length;
    while (end >= 2 && text[end - 1] === '\n' && text[end - 2] === '\r') end -= 2;
    if (end > 0) {
      for (; this.#lineEnds > 0; this.#lineEnds -= Math.min(this.#lineEnds, EMPTY_LINES.length / 2)) {
        this.#hash.update(EMPTY_LINES.slice(0, this.#lineEnds * 2));
      }
      this.#hash.update(text.slice(0, end), 'latin1');
      this.#empty = false;
    }
    this.#lineEnds += (length - end) / 2;
  }
}
