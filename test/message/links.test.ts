// Links and one-time codes in the text of a message.
import { describe, expect, it } from 'vitest';
import { codesIn, htmlLinks, plainOf, textLinks } from '../../src/message/links.js';

describe('textLinks', () => {
  it('leaves the punctuation of the sentence out', () => {
    expect(
      textLinks('See https://a.example/x. (Or http://b.example/y_(z)?) <https://c.example>').map(
        ({ url }) => url,
      ),
    ).toEqual(['https://a.example/x', 'http://b.example/y_(z)', 'https://c.example']);
  });
});

describe('htmlLinks', () => {
  it('reads attributes in each form, with entities, and the text', () => {
    const html = `<a class="x" href="https://a.example/?b=1&amp;c=2">Click <b>here</b></a><A HREF='mailto:a@b.example'>mail</A>
      <a href=https://c.example>https://c.example</a><a href="javascript:alert(1)">no</a><abbr href="https://d.example">`;
    expect(htmlLinks(html)).toEqual([
      { url: 'https://a.example/?b=1&c=2', text: 'Click here' },
      { url: 'mailto:a@b.example', text: 'mail' },
      { url: 'https://c.example', text: null },
    ]);
  });

  it('is right after characters whose lower case is longer', () => {
    expect(htmlLinks(`${'\u0130'.repeat(50)}<a href="https://a.example">x</a>`)).toEqual([
      { url: 'https://a.example', text: 'x' },
    ]);
  });
});

describe('codesIn', () => {
  it('finds what is announced or alone on its line', () => {
    expect(codesIn('Your code is 123 456.')).toEqual(['123456']);
    expect(codesIn('Welcome\n\n  4711\n\nBye')).toEqual(['4711']);
    expect(codesIn('Ihr Code: AB12-CD34')).toEqual(['AB12CD34']);
    expect(codesIn('Use G7K2PQ to confirm')).toEqual(['G7K2PQ']);
  });

  it('passes over years, prices, numbers in URLs and plain words', () => {
    expect(codesIn('In 2026 we sold 12,345 units for 1999.50 EUR. THANKS')).toEqual([]);
    expect(codesIn('Verify: https://a.example/123456')).toEqual([]);
  });
});

describe('any text', () => {
  it('is looked through with work in proportion to it', () => {
    const size = 200_000;
    for (const piece of [
      '<a ',
      '<a href=',
      '<style>',
      '<',
      '&#x',
      'http://x))))',
      'A',
      '1 ',
      'A1',
      '((',
      '<a\n',
      '"',
      '</',
    ]) {
      const text = piece.repeat(size);
      htmlLinks(text);
      textLinks(text);
      codesIn(plainOf(text));
      codesIn(text);
    }
  });
});

describe('a long text', () => {
  it('is read as a short one is', () => {
    const times = 30_000;
    const plain = plainOf('<p>a&lt;b&amp;&#x20ac;&#0;&none;<b>c</b>\n'.repeat(times));
    expect(plain === '\na<b&€&#0;&none;c\n'.repeat(times)).toBe(true);
    const text = `${'http://a.example/123456 x\n'.repeat(times)}Your code is 123 456.\n`;
    expect(codesIn(text)).toEqual(['123456']);
  });
});
