import { Unreadable, type Work } from './work.js';
import { FieldReader, type HeaderFields, contentEnd } from './fields.js';
import { type Part, asText, describePart, type PartFields } from './part.js';

const TAB = 0x09;
const LF = 0x0a;
const SPACE = 0x20;
const HYPHEN = 0x2d;

/** A part whose end has not been seen yet. */
interface Open {
  readonly described: PartFields;
  readonly head: number;
  readonly start: number;
  readonly parts: Part[];
}

interface Split {
  readonly root: Part;
  readonly fields: HeaderFields;
}

/**
 * Finds the parts of a message (RFC 2046 5.1) in one pass over its lines. The work is one step for each line, however
 * deep parts are nested: a line that begins with two hyphens is looked up in the one table of all boundaries that are
 * open. Memory grows with the number of parts, not of lines.
 *
 * @throws Unreadable if there is more of anything than allowed
 */
export function split(octets: Buffer, work: Work): Split {
  const splitter = new Splitter(octets, work);
  for (let at = 0; at < octets.length;) {
    work.count('lines');
    const lf = octets.indexOf(LF, at);
    const end = lf < 0 ? octets.length : lf + 1;
    splitter.line(at, end);
    at = end;
  }
  return splitter.end();
}

class Splitter {
  /** The multiparts that are open, the outermost first. */
  readonly #multiparts: Open[] = [];
  /** The index in `#multiparts` of the multipart that a boundary belongs to. */
  readonly #boundaries = new Map<string, number>();
  #longestBoundary = 0;
  /** The part whose header section is being read; null in a body. */
  #header: FieldReader | null;
  /** The leaf whose body is being read; null between parts. */
  #leaf: Open | null = null;
  #fields: HeaderFields;
  #root: Part | null = null;

  constructor(
    private readonly octets: Buffer,
    private readonly work: Work,
  ) {
    this.#header = new FieldReader(octets, 0, work);
    this.#fields = this.#header;
  }

  line(at: number, end: number): void {
    if (this.octets[at] === HYPHEN && this.octets[at + 1] === HYPHEN && this.#delimiter(at, end)) return;
    if (this.#header === null) return;
    const isBlank = contentEnd(this.octets, at, end) === at;
    if (!isBlank && this.#header.line(at, end)) return;
    this.#begin(this.#header, isBlank ? end : at);
  }

  end(): Split {
    const { length } = this.octets;
    if (this.#header !== null) this.#begin(this.#header, length);
    this.#closeDownTo(0, length);
    // When everything is closed, the root is the part that began first.
    if (this.#root === null) throw new Error('a message without a root');
    return { root: this.#root, fields: this.#fields };
  }

  /** Called when the header section of a part is complete. */
  #begin(fields: FieldReader, start: number): void {
    this.#header = null;
    this.work.count('parts');
    const parent = this.#multiparts.at(-1);
    const initial = parent?.described.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    const described = describePart(fields, initial, this.work.limits);
    const part = { described, head: fields.start, start, parts: [] };
    if (described.boundaries.length === 0) {
      this.#leaf = part;
      return;
    }
    const depth = this.#multiparts.push(part);
    if (depth > this.work.limits.depth) {
      throw new Unreadable(
        '5.6.0',
        `the message has multiparts nested more than ${this.work.limits.depth} deep`,
      );
    }
    for (const boundary of described.boundaries) this.#open(boundary, depth - 1);
  }

  #open(boundary: string, depth: number): void {
    // Compares octets as they are in the line: decoded text could not be compared, and white space at the end is
    // padding.
    const text = Buffer.from(boundary).toString('latin1').trimEnd();
    // An outer multipart with the same boundary would never end. The innermost one has the boundary until it closes.
    this.#boundaries.set(text, depth);
    this.#longestBoundary = Math.max(this.#longestBoundary, text.length);
  }

  /** Handles a line that begins with two hyphens. Returns false if it delimits nothing. */
  #delimiter(at: number, end: number): boolean {
    if (this.#boundaries.size === 0) return false;
    let last = contentEnd(this.octets, at, end);
    while (this.octets[last - 1] === SPACE || this.octets[last - 1] === TAB) last -= 1;
    if (last - at > this.#longestBoundary + 4) return false;
    const text = this.octets.toString('latin1', at + 2, last);
    let depth = this.#boundaries.get(text);
    let closes = false;
    if (depth === undefined && text.endsWith('--')) {
      depth = this.#boundaries.get(text.slice(0, -2));
      closes = depth !== undefined;
    }
    if (depth === undefined) return false;
    // A part that ends within its header section has no body.
    if (this.#header !== null) this.#begin(this.#header, at);
    // The line end before a delimiter belongs to it (RFC 2046 5.1.1).
    this.#closeDownTo(depth + 1, contentEnd(this.octets, 0, at));
    if (closes) this.#closeDownTo(depth, end);
    else this.#header = new FieldReader(this.octets, end, this.work);
    return true;
  }

  /** Ends the leaf that is open, and all multiparts from this depth on, at this offset. */
  #closeDownTo(depth: number, end: number): void {
    if (this.#leaf !== null) this.#add(this.#leaf, end);
    this.#leaf = null;
    while (this.#multiparts.length > depth) {
      const multipart = this.#multiparts.pop() as Open;
      this.#forget(this.#multiparts.length);
      this.#add(multipart, end);
    }
  }

  #forget(depth: number): void {
    for (const [boundary, at] of this.#boundaries) if (at === depth) this.#boundaries.delete(boundary);
    for (const [outer, { described }] of this.#multiparts.entries()) {
      for (const boundary of described.boundaries) this.#open(boundary, outer);
    }
  }

  #add({ described: { boundaries, ...described }, head, start, parts }: Open, end: number): void {
    let part: Part = { ...described, head, start, end: Math.max(start, end), parts };
    if (boundaries.length > 0 && parts.length === 0) part = asText(part, this.#isBlank(part));
    const parent = this.#multiparts.at(-1);
    if (parent === undefined) this.#root = part;
    else parent.parts.push(part);
  }

  #isBlank({ start, end }: Part): boolean {
    for (let at = start; at < end; at++) if ((this.octets[at] as number) > SPACE) return false;
    return true;
  }
}
