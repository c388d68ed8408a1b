import { isUtf8 } from 'node:buffer';
import { decodeUnlabelled } from '../charset.js';
import { Unreadable, type Work } from './fault.js';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

/** The header section of a message or a part, as offsets into the message: nothing is copied before it is asked for. */
export interface HeaderFields {
  /** The bodies of all fields of this name, in lower case, unfolded, in their order. */
  all(name: string): string[];
  /** The body of the first field of this name; undefined if there is none. */
  first(name: string): string | undefined;
}

/** Where a field is: its name, then its body with the line end. */
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
    private readonly start: number,
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

  #body({ colon, end }: Place): string {
    const body = this.octets.subarray(colon + 1, end);
    // RFC 6532 has UTF-8; anything else is from a program that knows no better.
    const text = isUtf8(body) ? body.toString('utf8') : decodeUnlabelled(body);
    return text.replace(/\r?\n/g, '').trim();
  }
}

/** The name in lower case, without the white space that an old program left before the colon; null if it is not one. */
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

/** Offset of the first octet of a line's end: its CR or its LF, or the end itself if it has neither. */
export function contentEnd(octets: Buffer, start: number, end: number): number {
  if (end === start || octets[end - 1] !== LF) return end;
  return end - 2 >= start && octets[end - 2] === CR ? end - 2 : end - 1;
}
