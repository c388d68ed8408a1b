// Symptom: `RCPT TO:<"a"b"@y.example>` was accepted, its local part taken for what stands between the outer
// quotes; what reads the address again later sees another one.
//
// Cause: a local part that began with a quote was good as soon as its end was found. The octets between the quotes were
// not checked by the grammar.
//
// Fix: Quoted-string of RFC 5321 4.1.2, octet by octet (src/protocol/grammar/mailbox.ts).
import { expect, it } from 'vitest';
import { SessionHarness } from '../protocol/session-harness.js';

it.each([
  ['"a"b"@y.example', 501],
  ['"a\\"@y.example', 501],
  ['"a\tb"@y.example', 501],
  ['"a\\"b"@y.example', 250],
  ['"a b"@y.example', 250],
])('<%s> gets %d', (address, code) => {
  const harness = new SessionHarness().begin().feed(`EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<${address}>\r\n`);
  expect(harness.codes.at(-1)).toBe(code);
});
