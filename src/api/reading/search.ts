import { STATUSES } from '../../store/message.js';
import { STORE } from '../../store/limits.js';
import type { Search, SearchCondition, SearchTerm } from '../../store/search.js';
import { ApiError } from '../errors.js';
import { parseTime, TIME_FORM } from './time.js';

/** The words that can stand before a colon. */
const NAMES = ['from', 'to', 'subject', 'tag', 'is', 'before', 'after'] as const;
type Name = (typeof NAMES)[number];

interface Token {
  readonly start: number;
  readonly end: number;
  readonly negated: boolean;
  readonly name: string | null;
  readonly value: string;
  readonly quoted: boolean;
}

const SPACE = /\s/;
/** A word before a colon, from `lastIndex` on. */
const NAME = /([A-Za-z]+):/y;

/**
 * Parses the text of a search:
 *
 *     search    = *( [ "-" ] condition )          ; all of them hold; "-" is the opposite
 *     condition = [ name ":" ] ( word / phrase )
 *     name      = "from" / "to" / "subject" / "tag" / "is" / "before" / "after"
 *     phrase    = DQUOTE *( character / "\" DQUOTE / "\\" ) DQUOTE
 *
 * @param now milliseconds since the epoch: what `after:7d` counts from
 * @throws ApiError `invalid_search` with the place of the token that is wrong
 */
export function parseSearch(text: string, now: number): Search {
  const terms: SearchTerm[] = [];
  for (let at = skipSpace(text, 0); at < text.length;) {
    const token = readToken(text, at);
    if (terms.length === STORE.searchTerms.initial) {
      throw wrong(token, `A search may have ${STORE.searchTerms.initial} conditions`);
    }
    terms.push({ ...conditionOf(token, now), negated: token.negated });
    at = skipSpace(text, token.end);
  }
  return terms;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && SPACE.test(text.charAt(at))) at += 1;
  return at;
}

function readToken(text: string, start: number): Token {
  const negated = text[start] === '-';
  let at = negated ? start + 1 : start;
  NAME.lastIndex = at;
  const name = NAME.exec(text)?.[1] ?? null;
  if (name !== null) at += name.length + 1;
  if (text[at] === '"') {
    const { value, end } = readPhrase(text, at, start);
    return { start, end, negated, name, value, quoted: true };
  }
  let end = at;
  while (end < text.length && !SPACE.test(text.charAt(end))) end += 1;
  return { start, end, negated, name, value: text.slice(at, end), quoted: false };
}

function readPhrase(text: string, quote: number, start: number): { value: string; end: number } {
  let value = '';
  for (let at = quote + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return { value, end: at + 1 };
    if (character === '\\' && at + 1 < text.length) at += 1;
    value += text.charAt(at);
  }
  throw wrong({ start, end: text.length }, 'The quotation mark is not closed');
}

function conditionOf(token: Token, now: number): SearchCondition {
  const { name, value, quoted } = token;
  if (value === '')
    throw wrong(token, name === null ? 'There is nothing to search for' : `${name}: needs a value`);
  if (name === null) return { kind: quoted ? 'phrase' : 'text', text: value };
  const known = NAMES.find((each) => each === name.toLowerCase());
  if (known === undefined) {
    throw wrong(
      token,
      `${name}: is not known, only ${NAMES.join(': ')}:; put text with a colon in quotation marks`,
    );
  }
  return named(known, token, now);
}

function named(name: Name, token: Token, now: number): SearchCondition {
  const { value } = token;
  switch (name) {
    case 'from':
    case 'to':
    case 'subject':
      return { kind: name, text: value };
    case 'tag':
      return { kind: 'tag', tag: value };
    case 'is': {
      const status = STATUSES.find((each) => each === value.toLowerCase());
      if (status === undefined) throw wrong(token, `is: needs one of ${STATUSES.join(', ')}`);
      return { kind: 'status', status };
    }
    case 'before':
    case 'after': {
      const time = parseTime(value, now);
      if (time === null) throw wrong(token, `${name}: needs ${TIME_FORM}`);
      return { kind: name, time };
    }
  }
}

function wrong({ start, end }: Pick<Token, 'start' | 'end'>, text: string): ApiError {
  return new ApiError('invalid_search', {
    text,
    fields: { search: [text] },
    at: { start, length: end - start },
  });
}
