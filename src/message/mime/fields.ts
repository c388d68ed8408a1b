import { isUtf8 } from 'node:buffer';
import { decodeUnlabelled } from '../charset.js';
import { Unreadable, type Work } from './work.js';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/**
 * The header section of a message or a part, as offsets into the message. Nothing is copied before it is asked for.
 */
export interface HeaderFields {
  /** Returns the bodies of all fields of this name, unfolded, in their order. The name is given in lower case. */
  all(name: string): string[];
  /** Returns the body of the first field of this name; undefined if there is no such field. */
  first(name: string): string | undefined;
  /** Returns all fields in their order: their names as they are written, their bodies unfolded. */
  list(): NamedField[];
}

interface NamedField {
  readonly name: string;
  readonly body: string;
}

/** Offsets of a field: of its name, and of its body with the line end. */
interface Place {
  readonly start: number;
  readonly colon: number;
  end: number;
}

/** Reads the lines of a header section one after the other (RFC 5322 2.2). */
export class FieldReader implements HeaderFields {
  readonly #places = new Map<string, Place[]>();
  #last: Place | null = null;

  constructor(
    private readonly octets: Buffer,
    /** The offset at which the section begins. */
    readonly start: number,
    private readonly work: Work,
  ) {}

  /**
   * Takes one line of the section.
   *
   * @param end offset after its line end
   * @returns false if it is not a line of a header section, so that the body begins with it
   */
  line(at: number, end: number): boolean {
    const { header } = this.work.limits;
    if (end - this.start > header) {
      throw new Unreadable(
        '5.3.4',
        `a part of the message has a header section of more than ${header} octets`,
      );
    }
    const first = this.octets[at];
    if (first === SPACE || first === TAB) {
      if (this.#last === null) return false;
      this.#last.end = end;
      return true;
    }
    const colon = this.octets.subarray(at, end).indexOf(COLON) + at;
    const name = colon < at ? null : fieldName(this.octets, at, colon);
    if (name === null) return false;
    this.work.count('fields');
    this.#last = { start: at, colon, end };
    const places = this.#places.get(name);
    if (places === undefined) this.#places.set(name, [this.#last]);
    else places.push(this.#last);
    return true;
  }

  all(name: string): string[] {
    return (this.#places.get(name) ?? []).map((place) => this.#body(place));
  }

  first(name: string): string | undefined {
    const place = this.#places.get(name)?.[0];
    return place === undefined ? undefined : this.#body(place);
  }

  list(): NamedField[] {
    const places = [...this.#places.values()].flat().sort((a, b) => a.start - b.start);
    return places.map((place) => ({
      name: this.octets.toString('latin1', place.start, place.colon).trimEnd(),
      body: this.#body(place),
    }));
  }

  #body({ colon, end }: Place): string {
    const body = this.octets.subarray(colon + 1, end);
    // RFC 6532 requires UTF-8. Some old programs write other octets.
    const text = isUtf8(body) ? body.toString('utf8') : decodeUnlabelled(body);
    return text.replace(/\r?\n/g, '').trim();
  }
}

/**
 * Returns the name in lower case, without the white space that some old programs leave before the colon; null if it is
 * not a field name.
 */
function fieldName(octets: Buffer, start: number, colon: number): string | null {
  let end = colon;
  while (end > start && (octets[end - 1] === SPACE || octets[end - 1] === TAB)) end -= 1;
  if (end === start) return null;
  for (let at = start; at < end; at++) {
    const octet = octets[at] as number;
    if (octet <= SPACE || octet >= 0x7f) return null;
  }
  return octets.toString('latin1', start, end).toLowerCase();
}

/** Returns the offset of the first octet of a line's end: its CR or its LF, or the end itself if it has neither. */
export function contentEnd(octets: Buffer, start: number, end: number): number {
  if (end === start || octets[end - 1] !== LF) return end;
  return end - 2 >= start && octets[end - 2] === CR ? end - 2 : end - 1;
}
