import { decodeForDisplay } from './encoded-word.js';

/** An address with its display name, decoded and cleaned. The name is empty if the field has no name for it. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}

/** The parts of one list element, which stands between two commas. */
interface Element {
  /** Words before and after the angle brackets. A quoted string is one word, without its quotes. */
  readonly words: string[];
  /** The same words as written. Words without a space between them are joined: `"a b"@c.example` is one. */
  readonly raw: string[];
  /** The text inside angle brackets; null if there are no brackets. */
  angle: string | null;
  comment: string;
}

/**
 * Reads an address-list (RFC 5322 3.4), unfolded, for text that is shown and passed on. Members of groups count as
 * members of the list. Reads as much as it can, and leaves out an element if it cannot be an address. Reads each
 * character once, whatever the text holds. To decide who may send, use `parseMailboxList`: it rejects a text with more
 * than one reading.
 */
export function readAddressList(text: string): NamedAddress[] {
  const found: NamedAddress[] = [];
  let element = nothing();
  const flush = (): void => {
    const address = addressOf(element);
    if (address !== null) found.push(address);
    element = nothing();
  };
  let apart = true;
  for (let at = 0; at < text.length;) {
    const character = text[at] as string;
    let end = at + 1;
    if (character === ',' || character === ';') flush();
    // Drops the name of a group: nothing depends on it.
    else if (character === ':') element = nothing();
    else if (character === '<') {
      end = endOf(text, at, '>');
      element.angle ??= text.slice(at + 1, text[end - 1] === '>' ? end - 1 : end);
    } else if (character === '(') {
      end = commentEnd(text, at);
      element.comment = text.slice(at + 1, end - 1);
    } else if (character === '"') {
      end = endOf(text, at, '"');
      addWord(element, text.slice(at, end), apart);
    } else if (character !== ' ' && character !== '\t') {
      end = wordEnd(text, at);
      addWord(element, text.slice(at, end), apart);
    }
    apart = character === ' ' || character === '\t' || ',;:<('.includes(character);
    at = end;
  }
  flush();
  return found;
}

function nothing(): Element {
  return { words: [], raw: [], angle: null, comment: '' };
}

function addWord({ words, raw }: Element, word: string, apart: boolean): void {
  const plain = word.startsWith('"') ? unquoted(word) : word;
  if (apart || raw.length === 0) {
    words.push(plain);
    raw.push(word);
  } else {
    words.push(`${words.pop() ?? ''}${plain}`);
    raw.push(`${raw.pop() ?? ''}${word}`);
  }
}

function unquoted(word: string): string {
  return word.slice(1, word.length > 1 && word.endsWith('"') ? -1 : undefined).replace(/\\(.)/gsu, '$1');
}

function addressOf({ words, raw, angle, comment }: Element): NamedAddress | null {
  if (angle !== null) {
    // A source route (RFC 5322 4.4) is not part of the address.
    const address = cleanAddress(angle.replace(/^\s*@[^:]*:/, ''));
    return address === null ? null : { name: decodeForDisplay(words.join(' ')), address };
  }
  const bare = raw.find((word) => word.includes('@'));
  if (bare === undefined) return null;
  const address = cleanAddress(/^@|@$|^@$/.test(bare) ? raw.join('') : bare);
  return address === null ? null : { name: decodeForDisplay(comment), address };
}

/** Returns null if the text has no local part, no domain, or if it has an invisible character. */
function cleanAddress(text: string): string | null {
  const address = text.trim();
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return null;
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(address) ? null : address;
}

/**
 * Returns the offset after the next `close` that no backslash escapes; the end of the text if there is no such
 * `close`.
 */
function endOf(text: string, start: number, close: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === close) return at + 1;
  }
  return text.length;
}

/**
 * Returns the offset after a comment. Comments nest (RFC 5322 3.2.2), and a field may have 100,000 of them, so this
 * counts and does not recurse.
 */
function commentEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}

const ENDS_WORD = new Set(' \t,;:<("');

function wordEnd(text: string, start: number): number {
  let at = start + 1;
  // A domain literal contains colons. "[" begins nothing else.
  let literal = text[start] === '[';
  for (; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '[') literal = true;
    else if (character === ']') literal = false;
    else if (ENDS_WORD.has(character) && !(literal && character === ':')) break;
  }
  return at;
}
