// The text of a search: what it parses to, and that an error points at the token that is wrong.
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/api/errors.js';
import { parseSearch } from '../../../src/api/reading/search.js';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const DAY = 86_400_000;

/** The part of the text that the error points at, and what it says. */
function problem(text: string): { token: string; says: string } {
  try {
    parseSearch(text, NOW);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'invalid_search' && error.at !== null) {
      const { start, length } = error.at;
      return { token: text.slice(start, start + length), says: error.message };
    }
    throw error;
  }
  throw new Error(`${text} is valid`);
}

describe('parseSearch', () => {
  it('reads words, phrases, names and their opposites', () => {
    expect(parseSearch('  hello "two words" from:app@example.com -to:"Jane Doe" ', NOW)).toEqual([
      { kind: 'text', text: 'hello', negated: false },
      { kind: 'phrase', text: 'two words', negated: false },
      { kind: 'from', text: 'app@example.com', negated: false },
      { kind: 'to', text: 'Jane Doe', negated: true },
    ]);
    expect(parseSearch('TAG:"a tag" is:Bounced -subject:x', NOW)).toEqual([
      { kind: 'tag', tag: 'a tag', negated: false },
      { kind: 'status', status: 'bounced', negated: false },
      { kind: 'subject', text: 'x', negated: true },
    ]);
  });

  it('reads days, times and how long ago', () => {
    expect(parseSearch('after:2026-11-01 before:2026-11-02T03:04:05+01:00 -after:7d', NOW)).toEqual([
      { kind: 'after', time: Date.parse('2026-11-01T00:00:00Z'), negated: false },
      { kind: 'before', time: Date.parse('2026-11-02T02:04:05Z'), negated: false },
      { kind: 'after', time: NOW - 7 * DAY, negated: true },
    ]);
  });

  it('takes escapes in phrases, a hyphen within a word, and an empty text', () => {
    expect(parseSearch(String.raw`"a \"b\" \\c"`, NOW)).toEqual([
      { kind: 'phrase', text: String.raw`a "b" \c`, negated: false },
    ]);
    expect(parseSearch('e-mail 12:30', NOW)).toEqual([
      { kind: 'text', text: 'e-mail', negated: false },
      { kind: 'text', text: '12:30', negated: false },
    ]);
    expect(parseSearch(' \t ', NOW)).toEqual([]);
  });

  it('points at the token that is wrong', () => {
    expect(problem('a colour:red b')).toMatchObject({ token: 'colour:red' });
    expect(problem('a is:lost b')).toEqual({
      token: 'is:lost',
      says: 'is: needs one of held, queued, deferred, delivered, bounced, cancelled',
    });
    expect(problem('a -before:2026-02-31 b').token).toBe('-before:2026-02-31');
    expect(problem('a from: b')).toEqual({ token: 'from:', says: 'from: needs a value' });
    expect(problem('a - b').token).toBe('-');
    expect(problem('a ""').token).toBe('""');
    expect(problem('a tag:"b c')).toEqual({ token: 'tag:"b c', says: 'The quotation mark is not closed' });
    expect(problem('x '.repeat(21)).says).toBe('A search may have 20 conditions');
  });
});
