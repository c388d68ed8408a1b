import fc from 'fast-check';
import libmime from 'libmime';
import { describe, expect, it } from 'vitest';
import { decodeEncodedWords, decodeForDisplay } from '../../src/message/encoded-word.js';

describe('decodeEncodedWords', () => {
  it.each([
    ['plain, = and ? alone', 'plain, = and ? alone'],
    ['=?utf-8?q?Gr=C3=BC=C3=9Fe?=', 'Grüße'],
    ['=?ISO-8859-1?Q?a_b?= =?ISO-8859-1?Q?=FC?=', 'a bü'],
    ['=?utf-8?b?w7w=?= and =?us-ascii*en?q?more?=', 'ü and more'],
    // A mail library that counts octets cut one character in two.
    ['=?utf-8?q?=C3?= =?utf-8?q?=BC?=', 'ü'],
    ['=?utf-8?q?open', '=?utf-8?q?open'],
    ['=?utf-8?x?unknown encoding?=', '=?utf-8?x?unknown encoding?='],
    ['=?no-such-set?q?a?=', 'a'],
    ['=?utf-8?b?!!!?=', ''],
    ['=?utf-16le?b?ANg=?=', '\ufffd'],
    // Node's own decoder reads these as C1 controls (since 20.18).
    ['=?windows-1252?Q?5_=80?=', '5 \u20ac'],
    ['=?iso-8859-1?Q?it=92s?=', 'it\u2019s'],
    // A word that cannot be decoded stays as written.
    ['a =?no-such-set?q?=80?= b', 'a =?no-such-set?q?=80?= b'],
    ['=?iso-2022-kr?q?=80?=', '=?iso-2022-kr?q?=80?='],
    ['=?utf-7?q?+APw-?=', '\u00fc'],
    ['=?base64?q?=FF?=', '=?base64?q?=FF?='],
    // White space between a word and other text counts; white space between two words does not.
    ['a =?utf-8?q?b?=  =?latin1?q?c?= d', 'a bc d'],
  ])('reads %j as %j', (text, decoded) => {
    expect(decodeEncodedWords(text)).toBe(decoded);
  });

  // Invariant: decoding returns the text that a mail library encoded.
  it('undoes encoding', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, fc.constantFrom('Q', 'B'), fc.constantFrom(0, 52), (plain, encoding, length) => {
        expect(decodeEncodedWords(libmime.encodeWord(plain, encoding, length))).toBe(plain);
      }),
    );
  });

  // Invariant: never throws, never returns half a surrogate pair.
  it('returns well-formed text for any input', () => {
    const charset = fc.constantFrom(
      'utf-8',
      'utf-16',
      'iso-2022-jp',
      'euc-jp',
      'utf-7',
      'gb18030',
      'x',
      '__proto__',
    );
    const word = fc
      .tuple(
        charset,
        fc.constantFrom('q', 'B', 'x'),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('?=', '?', ''),
      )
      .map(([set, encoding, payload, end]) => `=?${set}?${encoding}?${payload}${end}`);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 6 }), (parts) => {
        expect(decodeEncodedWords(parts.join(' '))).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });

  it.each(['=?', '=?a?b?', '=?u?q?x?=', '=?u?q?x?= ', '=?u?q?=', '?=', ' =?'])(
    'reads 256 KiB of %j in linear time',
    (part) => {
      const text = part.repeat((256 * 1024) / part.length);
      expect(decodeEncodedWords(text).length).toBeLessThanOrEqual(text.length);
    },
  );
});

it('shows text on one line without controls', () => {
  expect(decodeForDisplay(' =?utf-8?q?a=0D=0Ab=00=1B[31m=E2=80=A8c?= \t')).toBe('a  b  [31m c');
});

it('removes directional overrides from what is shown', () => {
  expect(decodeForDisplay('=?utf-8?q?fdp=E2=80=AE.exe?=')).toBe('fdp.exe');
});
