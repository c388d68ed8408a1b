// Invariant: of any text, parsePath says what the whole grammar says. The step for common paths is faster, and
// takes nothing that the grammar refuses, nor reads anything in another way.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAnyPath, parsePath } from '../../src/protocol/grammar/mailbox.js';

const of = (...alphabet: string[]): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 });

/** Near a path: its pieces in their order, each perhaps missing, at or around its limit, or of odd characters. */
const nearly = fc
  .tuple(
    fc.constantFrom('<', '<', '<', '', ' <', '<@a.example:'),
    fc.oneof(
      of('a', 'b', '.', '!', '"', '\\', ' ', 'é', '\u200b'),
      fc.constantFrom('a', 'first.last', "o'brien+tag", 'postmaster', '"a b"', 'a..b', 'a.', '.a'),
      fc.integer({ min: 62, max: 66 }).map((length) => 'l'.repeat(length)),
    ),
    fc.constantFrom('@', '@', '@', '', '@@'),
    fc.oneof(
      of('a', 'Z', '9', '.', '-', '_', 'é'),
      fc.constantFrom('x.example', 'xn--bcher-kva.example', 'a-b.c--d', '-a.b', 'a-.b', '[192.0.2.1]', 'a.'),
      fc.integer({ min: 61, max: 66 }).map((length) => 'd'.repeat(length)),
      fc.integer({ min: 250, max: 258 }).map((length) => 'abcdefg.'.repeat(40).slice(0, length - 1) + 'x'),
    ),
    fc.constantFrom('>', '>', '>', '', '> SIZE=1', '>>', ' >'),
  )
  .map((parts) => parts.join(''));

it('reads a path as the whole grammar does', () => {
  fc.assert(
    fc.property(
      fc.oneof(nearly, fc.string({ unit: 'binary' })),
      fc.constantFrom('', 'FROM:', 'é '),
      (path, before) => {
        const text = before + path;
        expect(parsePath(text, before.length)).toEqual(parseAnyPath(text, before.length));
      },
    ),
    { numRuns: 3_000 },
  );
});

it('has a common form that paths do have', () => {
  expect(parsePath('FROM:<first.last@mail.x-y.example> SIZE=1', 5)).toEqual({
    mailbox: { localPart: 'first.last', domain: 'mail.x-y.example', address: 'first.last@mail.x-y.example' },
    end: 34,
  });
});
