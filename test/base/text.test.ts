import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableLines } from '../../src/base/text.js';

/** Code points that must never reach a reader. */
const HIDDEN = [
  0x00, 0x1b, 0x7f, 0x9b, 0xad, 0x61c, 0x200b, 0x200e, 0x202e, 0x2028, 0x2029, 0x2060, 0x2066, 0x2069, 0xfeff,
  0xe0001, 0xe0041, 0xe007f,
];

describe('printable text', () => {
  it.each(HIDDEN.map((code) => [code.toString(16), String.fromCodePoint(code)]))(
    'replaces U+%s',
    (_, character) => {
      expect(printable(`a${character}b`)).toBe('a\ufffdb');
      expect(printableLines(`a${character}b`)).toBe('a\ufffdb');
    },
  );

  it('keeps what scripts and emoji need', () => {
    const text = 'Grüße, 日本 👩‍👩‍👧 a\u0301 می\u200cخواهم བརྒྱ ❤\ufe0f';
    expect(printable(text)).toBe(text);
    expect(printableLines(`${text}\n\tx`)).toBe(`${text}\n\tx`);
  });

  it('keeps line ends and tabs in several lines only', () => {
    expect(printable('a\nb\tc\rd')).toBe('a\ufffdb\ufffdc\ufffdd');
    expect(printableLines('a\nb\tc\rd')).toBe('a\nb\tc\ufffdd');
  });

  it('cuts a row of combining marks', () => {
    expect(printable(`a${'\u0301'.repeat(5000)}b`)).toBe(`a${'\u0301'.repeat(10)}\ufffdb`);
  });

  it('leaves nothing that a terminal obeys, and is stable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(
          /[\0-\x1f\x7f-\x9f\u2028\u2029\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
        );
        expect(printable(shown)).toBe(shown);
      }),
    );
  });
});
