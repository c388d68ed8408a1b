import fc from 'fast-check';
import { formatSignatureHeaderLine } from 'mailauth/lib/tools.js';
import { describe, expect, it } from 'vitest';
import { relaxedField } from '../../../src/delivery/dkim/relaxed.js';
import { formatSignatureField } from '../../../src/delivery/dkim/signature-field.js';

const label = fc.stringMatching(/^[a-z0-9]{1,60}$/);
const base64 = (octets: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: octets, maxLength: octets })
    .map((value) => Buffer.from(value).toString('base64'));
const tags = fc.record({
  algorithm: fc.constantFrom('rsa-sha256', 'ed25519-sha256'),
  domain: fc.tuple(label, label).map((labels) => labels.join('.')),
  selector: label,
  names: fc.array(fc.constantFrom('From', 'To', 'Subject', 'List-Unsubscribe-Post'), {
    minLength: 1,
    maxLength: 60,
  }),
  bodyHash: base64(32),
  time: fc.integer({ min: 1, max: 4_000_000_000 }),
  signature: fc.oneof(fc.constant(''), base64(64), base64(256)),
});

describe('the DKIM-Signature field', () => {
  it('has the tags that mailauth gives it, in the same order', () => {
    fc.assert(
      fc.property(tags, (given) => {
        const { algorithm, domain, selector, names, bodyHash, time, signature } = given;
        const peer = formatSignatureHeaderLine(
          'DKIM',
          {
            a: algorithm,
            c: 'relaxed/relaxed',
            d: domain,
            s: selector,
            h: names.join(': '),
            bh: bodyHash,
            t: time,
            b: signature,
          },
          true,
        );
        const compact = (field: string): string => relaxedField(field).replaceAll(' ', '');
        expect(compact(formatSignatureField(given))).toBe(compact(peer));
      }),
    );
  });

  it('is folded into lines of at most 78 characters, but for a word that is longer', () => {
    fc.assert(
      fc.property(tags, (given) => {
        for (const line of formatSignatureField(given).split('\r\n')) {
          expect(line.length <= 76 || !line.slice(1).includes(' ')).toBe(true);
          expect(line).toMatch(/^(DKIM-Signature: v=1;| \S)/);
          expect(line).not.toMatch(/\s$/);
        }
      }),
    );
  });
});
