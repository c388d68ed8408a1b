import { Buffer, isUtf8 } from 'node:buffer';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n', 'latin1');

/** One header field as received (RFC 5322 2.2): a view of the section's octets, decoded when asked. */
export class Field {
  /**
   * @param octets the whole field: name, colon, body, folding and the CRLF at its end
   * @param nameLength octets of the name
   * @param bodyStart offset of the first octet after the colon
   */
  constructor(
    readonly octets: Buffer,
    private readonly nameLength: number,
    private readonly bodyStart: number,
  ) {}

  /** The name as written. */
  get name(): string {
    return this.octets.toString('latin1', 0, this.nameLength);
  }

  /**
   * Returns the body, unfolded (RFC 5322 2.2.3) and read as UTF-8 (RFC 6532). White space at its ends is kept. Octets
   * that are not UTF-8 become U+FFFD: use the result for text that is shown, never for a decision.
   */
  text(): string {
    const body = this.octets.toString('utf8', this.bodyStart, this.octets.length - 2);
    // Within a field, white space always follows a CRLF. If it did not, the field would have ended there.
    return body.includes('\r\n') ? body.replaceAll('\r\n', '') : body;
  }

  /** True if the body is on more than one line. */
  get isFolded(): boolean {
    return this.octets.indexOf(CR) < this.octets.length - 2;
  }

  /** Returns the body as received, with its folds, read as UTF-8, without the CRLF at its end. */
  foldedText(): string {
    return this.octets.toString('utf8', this.bodyStart, this.octets.length - 2);
  }

  /** Returns the same as {@link text}, or null if the octets are not UTF-8. */
  strictText(): string | null {
    return isUtf8(this.octets) ? this.text() : null;
  }
}

/**
 * Thrown if some line of a header section is neither a field nor the continuation of one. The text of the error is
 * printable ASCII.
 */
export class MalformedHeaderError extends Error {
  override readonly name = 'MalformedHeaderError';
  constructor(
    /** Number of the line, counted from 1. */
    readonly line: number,
    fault: string,
  ) {
    super(`header line ${line} ${fault}`);
  }
}

/**
 * The header section of a message (RFC 5322 2.2), cut into fields that keep their octets.
 *
 * Parsing notes where fields begin, and copies and decodes nothing. The octets given must not change while the section
 * is in use. Fields that are not taken come back octet for octet, in order.
 *
 *     prepended ─► ┌──────────────────────────────┐ ◄─ appended
 *                  │ field │ field │ taken │ field │
 *                  └──────────────────────────────┘
 *
 * The methods that read and {@link take} see the fields that came with the message, not those that were added since.
 */
export class HeaderSection {
  readonly #octets: Buffer;
  /** Offset of each field, and at the end the section's length. */
  readonly #starts: readonly number[];
  readonly #nameLengths: readonly number[];
  /**
   * 1 for each field that was removed; null if no field was removed. A section may have 60,000 fields, and lose all of
   * them.
   */
  #taken: Uint8Array | null = null;
  /** Octets that replace removed fields, by the field's index. */
  readonly #replaced = new Map<number, Buffer>();
  readonly #prepended: Buffer[] = [];
  readonly #appended: Buffer[] = [];

  private constructor(octets: Buffer, starts: readonly number[], nameLengths: readonly number[]) {
    this.#octets = octets;
    this.#starts = starts;
    this.#nameLengths = nameLengths;
  }

  /**
   * Parses a section: everything up to the blank line, which is not included. Lines end in CRLF; a last line without
   * its CRLF gets one.
   *
   * White space between name and colon is accepted (RFC 5322 4.5.x, obs-optional) and does not count as part of the
   * name: if `From : a@b` were no From field here, a reader that takes it for one would see two.
   *
   * @throws {@link MalformedHeaderError} for the first line that is neither field nor continuation, and for a bare LF
   * or CR: a message of BODY=BINARYMIME may have them in its body, but its header still consists of lines (RFC 3030 3,
   * RFC 5322 2.2).
   */
  static parse(section: Uint8Array): HeaderSection {
    const octets = terminated(asBuffer(section));
    const starts: number[] = [];
    const nameLengths: number[] = [];
    let line = 0;
    for (let at = 0; at < octets.length;) {
      line += 1;
      // One native search per line is cheaper than any loop over its octets.
      const lf = octets.indexOf(LF, at);
      if (lf === at || octets[lf - 1] !== CR) throw new MalformedHeaderError(line, 'ends in a bare LF');
      if (octets.indexOf(CR, at) !== lf - 1) throw new MalformedHeaderError(line, 'has a bare CR');
      const first = octets[at];
      if (first === SPACE || first === TAB) {
        if (starts.length === 0) throw new MalformedHeaderError(line, 'continues a field that never began');
      } else {
        nameLengths.push(nameLengthAt(octets, at, line));
        starts.push(at);
      }
      at = lf + 1;
    }
    starts.push(octets.length);
    return new HeaderSection(octets, starts, nameLengths);
  }

  /** Returns how many fields have this name, in any case. */
  count(name: string): number {
    let found = 0;
    for (let at = this.#next(name, 0); at >= 0; at = this.#next(name, at + 1)) found += 1;
    return found;
  }

  /**
   * Returns how many octets the fields of these names have together, names and line ends included. Names in any case.
   */
  octetsOf(...names: string[]): number {
    let octets = 0;
    for (const name of names) {
      for (let at = this.#next(name, 0); at >= 0; at = this.#next(name, at + 1)) {
        octets += (this.#starts[at + 1] ?? 0) - (this.#starts[at] ?? 0);
      }
    }
    return octets;
  }

  /** Returns the first field of this name, in any case. */
  first(name: string): Field | undefined {
    const index = this.#next(name, 0);
    return index < 0 ? undefined : this.#field(index);
  }

  /** Returns the last fields of this name, in any case, the last one first; at most `limit` of them. */
  last(name: string, limit: number): Field[] {
    const found: Field[] = [];
    for (let index = this.#nameLengths.length - 1; index >= 0 && found.length < limit; index -= 1) {
      if (this.#nameLengths[index] !== name.length || !this.#isNamed(index, name)) continue;
      if (this.#taken?.[index] !== 1) found.push(this.#field(index));
    }
    return found;
  }

  /** Puts a whole field, with its CRLF, in the place of the first field of this name. */
  replaceFirst(name: string, field: string): void {
    const index = this.#next(name, 0);
    if (index < 0) return;
    this.#mark(index);
    this.#replaced.set(index, Buffer.from(field));
  }

  /** Removes all fields that have one of these names, in any case. */
  remove(...names: string[]): void {
    for (const name of names) {
      for (let at = this.#next(name, 0); at >= 0; at = this.#next(name, at + 1)) this.#mark(at);
    }
  }

  /** Removes all fields that have one of these names, in any case, and returns them in order. */
  take(...names: string[]): Field[] {
    const found: number[] = [];
    for (const name of names) {
      for (let at = this.#next(name, 0); at >= 0; at = this.#next(name, at + 1)) {
        found.push(at);
        this.#mark(at);
      }
    }
    return found.sort((a, b) => a - b).map((index) => this.#field(index));
  }

  /** Puts a whole field, folded and with its CRLF, on top. Trace fields belong there (RFC 5321 4.4). */
  prepend(field: string): void {
    this.#prepended.unshift(Buffer.from(field));
  }

  /** Puts a whole field, folded and with its CRLF, at the end. */
  append(field: string): void {
    this.#appended.push(Buffer.from(field));
  }

  /** Returns the section as it is now, without the blank line. */
  toOctets(): Buffer {
    return this.#assemble([]);
  }

  /** Returns the section as it is now, with the blank line that ends it, so that the body can follow. */
  toOctetsWithBlankLine(): Buffer {
    return this.#assemble([CRLF]);
  }

  // These loops run a dozen times for every message: they are plain loops over numbers and allocate nothing.
  /** Returns the index of the first field from `from` on that has this name; -1 if no field has it. */
  #next(name: string, from: number): number {
    for (let index = from; index < this.#nameLengths.length; index += 1) {
      // Nearly every comparison ends at the length.
      if (this.#nameLengths[index] !== name.length || !this.#isNamed(index, name)) continue;
      if (this.#taken?.[index] !== 1) return index;
    }
    return -1;
  }

  #isNamed(index: number, name: string): boolean {
    const start = this.#starts[index] ?? 0;
    for (let offset = 0; offset < name.length; offset += 1) {
      if (lowerCase(this.#octets[start + offset]) !== lowerCase(name.charCodeAt(offset))) return false;
    }
    return true;
  }

  #field(index: number): Field {
    const start = this.#starts[index] ?? 0;
    const octets = this.#octets.subarray(start, this.#starts[index + 1]);
    const nameLength = this.#nameLengths[index] ?? 0;
    return new Field(octets, nameLength, octets.indexOf(COLON, nameLength) + 1);
  }

  #mark(index: number): void {
    this.#taken ??= new Uint8Array(this.#nameLengths.length);
    this.#taken[index] = 1;
  }

  /**
   * Copies runs of fields, each as long as possible, because half of 40,000 fields may be removed, one after another.
   */
  #assemble(end: readonly Buffer[]): Buffer {
    const taken = this.#taken;
    if (taken === null) {
      return Buffer.concat([...this.#prepended, this.#octets, ...this.#appended, ...end]);
    }
    let room = this.#octets.length;
    for (const field of this.#replaced.values()) room += field.length;
    const kept = Buffer.allocUnsafe(room);
    let length = 0;
    let from = 0;
    for (let index = taken.indexOf(1); index >= 0; index = taken.indexOf(1, index)) {
      length += this.#octets.copy(kept, length, from, this.#starts[index]);
      for (; taken[index] === 1; index += 1) {
        length += this.#replaced.get(index)?.copy(kept, length) ?? 0;
      }
      from = this.#starts[index] ?? this.#octets.length;
    }
    length += this.#octets.copy(kept, length, from);
    return Buffer.concat([...this.#prepended, kept.subarray(0, length), ...this.#appended, ...end]);
  }
}

function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets) ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}

function terminated(octets: Buffer): Buffer {
  if (octets.length === 0 || octets[octets.length - 1] === LF) return octets;
  return Buffer.concat([octets, CRLF]);
}

/** field-name = 1*ftext; ftext = %d33-57 / %d59-126 (RFC 5322 3.6.8). */
function nameLengthAt(octets: Buffer, start: number, line: number): number {
  let at = start;
  let octet = octets[at] ?? 0;
  while (octet > SPACE && octet < 0x7f && octet !== COLON) octet = octets[++at] ?? 0;
  const length = at - start;
  while (octet === SPACE || octet === TAB) octet = octets[++at] ?? 0;
  if (octet !== COLON) throw new MalformedHeaderError(line, 'is neither a field nor a continuation');
  if (length === 0) throw new MalformedHeaderError(line, 'has no field name before its colon');
  return length;
}

/** Returns the lower case of an octet, if it is an ASCII letter. */
function lowerCase(octet: number | undefined): number {
  if (octet === undefined) return -1;
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

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
