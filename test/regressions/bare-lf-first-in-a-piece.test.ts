// Symptom: of content cut right before a bare LF, in pieces that had no CR at all, the LF went through: a
// message with `LF . LF` in it was stored under `reject`, where in one piece it was refused.
//
// Cause: the search for bare newlines held an LF against the place of the last CR, `cr !== lf - 1`. An LF at
// offset 0 has nothing before it, and -1, for "no CR", was just that place.
//
// Fix: the first octet of a run is bare whatever stands elsewhere; a CR in the piece before is the decoder's
// business, which knows that it was there (PortableScan in src/protocol/content/decoder.ts).
import { expect, it } from 'vitest';
import { SessionHarness } from '../protocol/session-harness.js';

const ENVELOPE = 'EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n';

it.each([
  ['in one piece', ['a\n.\nb\r\n.\r\n']],
  ['cut before the LF', ['a', '\n.', '\n', 'b', '\r\n.\r\n']],
  ['cut before a line of text', ['a', '\nb', '\r\n.\r\n']],
])('a bare LF is seen %s', (_, pieces) => {
  const harness = new SessionHarness().begin().feed(ENVELOPE);
  for (const piece of pieces) harness.feed(piece);
  expect(harness.stored).toEqual([]);
  expect(harness.answers.at(-1)).toMatch(/^550 5\.6\.0 Bare LF in line 1 /);
});

it('the LF of a CRLF that was cut in two is not a bare LF', () => {
  const harness = new SessionHarness()
    .begin()
    .feed(ENVELOPE)
    .feed('a\r')
    .feed('\nb\r')
    .feed('\n.\r')
    .feed('\n');
  expect(harness.stored).toEqual(['a\r\nb\r\n']);
});
