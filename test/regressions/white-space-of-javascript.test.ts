// Symptom: `NOOP CR CR LF` got 250, and so did a MAIL whose last octet was A0. In `RCPT TO:<u@x.example>` a
// recipient's name could lose the last octet of a character of UTF-8.
//
// Cause: trailing white space was taken off by JavaScript's `trim`. On a text that has an octet a character,
// it takes CR, LF, VT, FF and A0 as well: a bare CR was no longer seen, and half a character went.
//
// Fix: white space is SP and HTAB (RFC 5234 B.1), and nothing else is taken off (trimEnd in
// src/base/octets.ts).
import { expect, it } from 'vitest';
import { SessionHarness } from '../protocol/session-harness.js';

it.each(['NOOP\r', 'NOOP\v', 'NOOP\f', 'NOOP\xa0', 'RSET \r', 'QUIT\r'])('%j is no command', (line) => {
  const harness = new SessionHarness().begin().feed(`${line}\r\n`);
  expect(harness.codes).toEqual([220, 500]);
});

it.each(['NOOP ', 'NOOP\t', 'NOOP \t '])('%j is one', (line) => {
  expect(new SessionHarness().begin().feed(`${line}\r\n`).codes).toEqual([220, 250]);
});

it('a name that ends with the octet A0 keeps it', () => {
  const harness = new SessionHarness().begin().feed('EHLO a\r\nVRFY \xc3\xa0\r\nVRFY \xc3\r\n');
  expect(harness.codes).toEqual([220, 250, 252, 500]);
});
