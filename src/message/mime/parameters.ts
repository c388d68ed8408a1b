import { decodeCharset, decodeUnlabelled } from '../charset.js';
import { decodeEncodedWords } from '../encoded-word.js';
import { Unreadable, type MimeLimits } from './work.js';
import { hexPair } from './transfer.js';

/** A field body of the form `value *( ";" name "=" value )` (RFC 2045 5.1, RFC 2183 2). */
interface Parameterized {
  /** The text before the first ";", in lower case, without comments. */
  readonly value: string;
  /**
   * Values by name in lower case, RFC 2231 decoded, not cleaned. If a parameter is given twice, the first one counts.
   */
  readonly parameters: ReadonlyMap<string, string>;
  /** Every value of `boundary`, in order. A field may give it twice, and only the body can say which one is meant. */
  readonly boundaries: readonly string[];
}

/** A piece of a value (RFC 2231 3). */
interface Piece {
  readonly text: string;
  /** True if the text is percent-encoded (RFC 2231 4). */
  readonly encoded: boolean;
}

/** name, name*, name*0, name*0* */
const NAME = /^([^*]+)(?:\*(\d{1,5}))?(\*)?$/;

/**
 * Reads the body of a Content-Type or Content-Disposition field. Accepts more than the grammar: values with spaces and
 * specials that are not quoted, and empty parameters.
 *
 * @throws Unreadable if there are more parameters than allowed
 */
export function parseParameterized(text: string, { parameters: most }: MimeLimits): Parameterized {
  const [head = '', ...items] = segments(text);
  if (items.length > most) {
    throw new Unreadable('5.6.0', `a part of the message has more than ${most} parameters`);
  }
  const plain = new Map<string, string>();
  const extended = new Map<string, Map<number, Piece>>();
  const boundaries: string[] = [];
  for (const { name, value } of items.map(nameAndValue)) {
    const [, base = '', section, star] = NAME.exec(name) ?? [];
    if (base === '') continue;
    if (base === 'boundary') boundaries.push(value);
    if (section === undefined && star === undefined) {
      if (!plain.has(base)) plain.set(base, decodeEncodedWords(value));
      continue;
    }
    const pieces = extended.get(base) ?? new Map<number, Piece>();
    extended.set(base, pieces);
    const number = Number(section ?? 0);
    if (!pieces.has(number)) pieces.set(number, { text: value, encoded: star !== undefined });
  }
  for (const [name, pieces] of extended) {
    const joined = join(pieces);
    if (joined !== null) plain.set(name, joined);
    if (joined !== null && name === 'boundary') boundaries.unshift(joined);
  }
  return { value: head.replace(/\s+/g, '').toLowerCase(), parameters: plain, boundaries };
}

/** Joins the pieces of a value (RFC 2231 4.1): those that follow each other from 0 on. */
function join(pieces: ReadonlyMap<number, Piece>): string | null {
  const first = pieces.get(0);
  if (first === undefined) return null;
  const [, charset = '', rest = first.text] =
    (first.encoded ? /^([^']*)'[^']*'(.*)$/s.exec(first.text) : null) ?? [];
  const octets: Buffer[] = [];
  for (let number = 0; ; number++) {
    const piece = pieces.get(number);
    if (piece === undefined) break;
    const text = number === 0 ? rest : piece.text;
    octets.push(piece.encoded ? percentDecoded(text) : Buffer.from(text));
  }
  const all = Buffer.concat(octets);
  return (charset === '' ? null : decodeCharset(charset, all)) ?? decodeUnlabelled(all);
}

function percentDecoded(text: string): Buffer {
  const encoded = Buffer.from(text);
  const decoded = Buffer.allocUnsafe(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    const octet = encoded[at] as number;
    const value = octet === 0x25 ? hexPair(encoded[at + 1], encoded[at + 2]) : -1;
    if (value >= 0) at += 2;
    decoded[length++] = value >= 0 ? value : octet;
  }
  return decoded.subarray(0, length);
}

/**
 * Cuts a text at its ";". Quoted strings stay whole, with their quotes, and comments (RFC 822 3.4.3) are removed,
 * except within a value that is not quoted and goes on after it, as in `name=Copy (1).pdf`.
 */
function segments(text: string): string[] {
  const found: string[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (character === '"') at = quotedEnd(text, at) - 1;
    else if (character === ';' || at === text.length) {
      found.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return found.map((segment) => withoutComment(segment.trim()));
}

function withoutComment(segment: string): string {
  if (!segment.endsWith(')')) return segment;
  const open = segment.lastIndexOf('(');
  const before = segment[open - 1];
  return open >= 0 && (before === undefined || before === ' ' || before === '\t')
    ? segment.slice(0, open).trim()
    : segment;
}

/** Returns the offset after the quoted string that begins at `start`; the end of the text if it is not closed. */
function quotedEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function nameAndValue(segment: string): { readonly name: string; readonly value: string } {
  const equals = segment.indexOf('=');
  if (equals < 0) return { name: '', value: '' };
  const name = segment.slice(0, equals).trim().toLowerCase();
  const value = segment.slice(equals + 1).trim();
  if (!value.startsWith('"')) return { name, value };
  const end = quotedEnd(value, 0);
  const inner = value.slice(1, value[end - 1] === '"' && end > 1 ? end - 1 : end);
  return { name, value: inner.replace(/\\(.)/gsu, '$1') };
}
