import { decodeForDisplay } from './encoded-word.js';

/** An address with the name that a field gives it, decoded and cleaned; the name is empty if there is none. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}

/** What stands between two commas. */
interface Element {
  /** Words before and after the angle brackets; a quoted string is one, without its quotes. */
  readonly words: string[];
  /** The same as they were written, those without a space in between together: `"a b"@c.example` is one. */
  readonly raw: string[];
  /** What stands in angle brackets. */
  angle: string | null;
  comment: string;
}

/**
 * Reads an address-list (RFC 5322 3.4) for what is shown and passed on, unfolded. The members of groups count as
 * those of the list. It gets out what it can: what cannot be an address is left out. Reads each character once,
 * whatever the text holds. Decisions on who may send are made on `parseMailboxList`, which has one reading or none.
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
    // The name of a group, which nothing depends on.
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

/** Null if it has no local part, no domain, or something invisible in it. */
function cleanAddress(text: string): string | null {
  const address = text.trim();
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return null;
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(address) ? null : address;
}

/** Offset after the next `close`, that a backslash does not escape; the end of the text if there is none. */
function endOf(text: string, start: number, close: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === close) return at + 1;
  }
  return text.length;
}

/** Comments nest (RFC 5322 3.2.2): by a count, since a field may have 100,000 of them. */
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
  // A domain literal has colons in it, and "[" begins nothing else.
  let literal = text[start] === '[';
  for (; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '[') literal = true;
    else if (character === ']') literal = false;
    else if (ENDS_WORD.has(character) && !(literal && character === ':')) break;
  }
  return at;
}
