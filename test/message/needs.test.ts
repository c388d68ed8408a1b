import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NeedsScanner } from '../../src/message/needs.js';

/** Returns the needs of a whole content, computed one octet at a time: slow, but easy to check. */
function reference(header: Buffer, body: Buffer) {
  const text = Buffer.concat([header, body]).toString('latin1');
  return {
    eightBit: /[\x80-\xff]/.test(text),
    utf8Header: /[\x80-\xff]/.test(header.toString('latin1')),
    binary: /\0|\r(?!\n)|(?<!\r)\n/.test(text),
    longLines: text.split('\r\n').some((line) => line.length > 998),
  };
}

function scan(header: Buffer, body: Buffer, cuts: readonly number[]) {
  const scanner = new NeedsScanner(true);
  scanner.header(header);
  let from = 0;
  for (const cut of [...cuts, body.length].sort((a, b) => a - b)) {
    const to = Math.min(cut, body.length);
    scanner.body(body.subarray(from, to));
    from = to;
  }
  return scanner.needs();
}

const line = fc
  .tuple(
    fc.oneof(fc.nat(120), fc.integer({ min: 990, max: 1004 }), fc.nat(3000)),
    fc.constantFrom('a', 'a', '\xe9'),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\0\r\n'),
  )
  .map(([length, character, end]) => character.repeat(length) + end);
const octets = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('the needs of a content', () => {
  // Invariant: however the octets are cut into pieces, the result is the same as after a look at each octet.
  it('are the same as after a look at every octet, in pieces of any size', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.constantFrom('Subject: a\r\n\r\n', 'Subject: \xc3\xa9\r\n\r\n'),
        fc.constantFrom('', 'the end', 'e'.repeat(998), 'e'.repeat(999)),
        fc.array(fc.nat(9000), { maxLength: 12 }),
        (lines, header, end, cuts) => {
          const body = octets(lines.join('') + end);
          const expected = reference(octets(header), body);
          const { longLines, ...found } = scan(octets(header), body, cuts);
          const { longLines: expectedLong, ...rest } = expected;
          expect(found).toEqual(rest);
          // If content has a bare CR or LF, the length of its lines means nothing.
          if (!expected.binary) expect(longLines).toBe(expectedLong);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a line of 998 octets', 'a'.repeat(998) + '\r\n', false],
    ['a line of 999 octets', 'a'.repeat(999) + '\r\n', true],
    ['a last line of 998 octets', 'a'.repeat(998), false],
    ['a last line of 999 octets', 'a'.repeat(999), true],
    ['a long line after many short ones', 'a\r\n'.repeat(500) + 'b'.repeat(999) + '\r\n', true],
  ])('are found in %s', (_what, body, expected) => {
    for (let cut = 0; cut <= body.length; cut += 7) {
      expect(scan(octets('A: b\r\n\r\n'), octets(body), [cut]).longLines).toBe(expected);
    }
  });

  // If there were one search per line, the shortest lines would take 100 times as many.
  it.each([
    ['blank lines', '\r\n'.repeat(500_000)],
    ['short lines', 'a\r\n'.repeat(333_333)],
    ['the longest lines', `${'a'.repeat(998)}\r\n`.repeat(1000)],
    ['long and short lines in turn', `${'a'.repeat(997)}\r\n\r\n`.repeat(1000)],
  ])(
    'are found with a number of searches that depends on the octets, not on the lines: %s',
    (_what, body) => {
      const counted = octets(body);
      const search = vi.spyOn(counted, 'lastIndexOf');
      new NeedsScanner(false).body(counted);
      expect(search.mock.calls.length).toBeGreaterThan(900);
      expect(search.mock.calls.length).toBeLessThan(2 * (body.length / 1000) + 10);
    },
  );
});
