// Invariant: any user and any password of UTF-8 without control characters come through PLAIN and LOGIN as
// they are, with an initial response and without; and no reply has them in it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SessionHarness } from './session-harness.js';

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** Well-formed text, without controls, not empty. */
const word = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(' ', '=', '+', '%', '"', '\\', 'é', '\u{1f511}'),
      fc.string({ unit: 'binary' }),
    ),
    minLength: 1,
    maxLength: 40,
  })
  .filter((text) => text !== '' && !/[\p{Cc}\p{Cs}]/u.test(text));

it('credentials round-trip', () => {
  fc.assert(
    fc.property(word, word, fc.boolean(), (user, password, withAuthzid) => {
      const plain = encode(`${withAuthzid ? user : ''}\0${user}\0${password}`);
      for (const octets of [
        `AUTH PLAIN ${plain}\r\n`,
        `AUTH PLAIN\r\n${plain}\r\n`,
        `AUTH LOGIN\r\n${encode(user)}\r\n${encode(password)}\r\n`,
        `AUTH LOGIN ${encode(user)}\r\n${encode(password)}\r\n`,
      ]) {
        const harness = new SessionHarness().begin().feed('EHLO c\r\n');
        const before = harness.replies.length;
        harness.feed(octets);
        expect(harness.events.at(-1)).toMatch(/^auth /);
        expect(harness.events.at(-1)?.replace(/^auth (?:PLAIN|LOGIN) /, '')).toBe(`${user} ${password}`);
        expect(harness.codes.at(-1)).toBe(235);
        expect(harness.replies.slice(before)).toMatch(
          /^(?:334 (?:VXNlcm5hbWU6|UGFzc3dvcmQ6)?\r\n)*235 2\.7\.0 Authentication successful\r\n$/,
        );
      }
    }),
    { numRuns: 500 },
  );
});
