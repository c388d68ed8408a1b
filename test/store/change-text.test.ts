/** Invariant: changes come out of signals as they went in, each signal fits, and no text makes the reader throw. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MailChange } from '../../src/store/mail.js';
import { STATUSES } from '../../src/store/port.js';
import { changeTexts, readSignal, signalText } from '../../src/store/postgres/change-text.js';

const change: fc.Arbitrary<MailChange> = fc.record({
  id: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  domainId: fc.nat({ max: 2 ** 31 - 1 }),
  kind: fc.constantFrom('accepted', 'status', 'removed', 'tags'),
  status: fc.constantFrom(null, ...STATUSES),
});

it('gives back all changes, in signals that the database takes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 1000, size: 'max' }), (changes) => {
      const texts = changeTexts(changes).map((text, at) => signalText(63, 2 ** 52 + at, text));
      expect(Math.max(0, ...texts.map((text) => Buffer.byteLength(text)))).toBeLessThan(7900);
      const signals = texts.map((text) => readSignal(text));
      expect(signals.map((signal) => signal?.number)).toEqual(texts.map((_, at) => 2 ** 52 + at));
      expect(signals.flatMap((signal) => signal?.changes ?? [])).toEqual(changes);
    }),
    { numRuns: 50 },
  );
});

it('reads nothing from any other text', () => {
  expect(readSignal(signalText(3, 7, null))).toEqual({ slot: 3, number: 7, changes: null });
  const noise = fc.oneof(
    fc.string(),
    fc.string().map((text) => `1.2.${text}`),
  );
  fc.assert(
    fc.property(noise, (text) => {
      expect(() => readSignal(text)).not.toThrow();
    }),
  );
  for (const text of ['', '1', '1.2', '1.2.', '1.2.zz', '1.2.1.1X', '1.2.1.1A,', 'x.2.?'])
    expect(readSignal(text)).toBeNull();
});
