// A message is written without nodemailer's streams. Whatever its texts and attachments, it says what
// they would have said, in lines of a length that every server takes.
import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer';
import { describe, expect, it } from 'vitest';
import * as qp from 'nodemailer/lib/qp';
import { quotedPrintable, withCrlf, writtenMessage } from '../../src/api/compose/written.js';

const line = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.constantFrom(
    '',
    ' ',
    '.',
    '..',
    '=',
    '--',
    'word '.repeat(40),
    'x'.repeat(2000),
    'é'.repeat(300),
    'a \t',
    '日本語',
  ),
);
/** Lines that end with CRLF, as the composer gives them. */
const text = fc
  .array(line, { minLength: 1, maxLength: 6 })
  .map((lines) => lines.map((part) => part.replace(/[\r\n]/g, '')).join('\r\n'))
  .filter((written) => written !== '');
const attachment = fc.record({
  filename: fc.constantFrom('a.txt', 'b.pdf', 'ü "x".csv', 'a.html', 'c.ics'),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
    text.map((written) => Buffer.from(written)),
  ),
  cid: fc.constantFrom(undefined, 'logo@example.com'),
});
const attachments = fc.array(attachment, { maxLength: 3 });
const mail = fc.oneof(
  fc.record({ text }),
  fc.record({ html: text }),
  fc.record({ text, html: text }),
  fc.record({ text, attachments }),
  fc.record({ text, html: text, attachments }),
);

function compiled(texts: {
  text?: string;
  html?: string;
  attachments?: { filename: string; content: Buffer }[];
}) {
  return new MailComposer({
    ...{
      from: 'a@example.com',
      to: 'b@example.net',
      subject: 'é "x"',
      date: 'Sun, 29 Nov 2026 12:00:00 +0000',
    },
    ...{ messageId: '<1@example.com>', baseBoundary: 'base', newline: '\r\n', ...texts },
  }).compile();
}

/** Where a line of quoted-printable goes on is free: nodemailer's streams choose another place if it ends with a space. */
function unbroken(octets: Buffer): string {
  return octets.toString().replace(/=\r\n/g, '');
}

describe('a message', () => {
  it('says what the streams of nodemailer would have written', async () => {
    await fc.assert(
      fc.asyncProperty(mail, async (texts) => {
        const streamed = await compiled(texts).build();
        expect(unbroken(writtenMessage(compiled(texts)))).toBe(unbroken(streamed));
      }),
      { numRuns: 200 },
    );
  });

  it('is the same with attachments that end with a line of base64, or an octet before or after its end', async () => {
    for (const length of [0, 1, 2, 56, 57, 58, 113, 114, 115, 57 * 2000, 57 * 2000 + 1]) {
      const texts = { text: 'x', attachments: [{ filename: 'b.pdf', content: Buffer.alloc(length, 'Zé') }] };
      expect(writtenMessage(compiled(texts)).equals(await compiled(texts).build())).toBe(true);
    }
  });

  it('has lines of at most 76 octets, however long those of its texts are', () => {
    fc.assert(
      fc.property(mail, (texts) => {
        const lines = writtenMessage(compiled(texts)).toString('latin1').split('\r\n');
        expect(lines.filter((each) => each.length > 76)).toEqual([]);
        expect(lines.some((each) => /[\r\n]/.test(each))).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a long text', () => {
  const end = fc.constantFrom('\n', '\r\n', '\r', '\n\r', ' \r\n', '€\n', '');
  /** Lines of all lengths around those of the pieces that a text is changed in. */
  const long = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -2, max: 2 }), end), {
      minLength: 1,
      maxLength: 5,
    })
    .map((lines) => lines.map(([n, off, last]) => 'a€ ='.repeat(n * 16_384).slice(-off) + last).join(''));

  it('is changed in pieces as it would be as a whole', () => {
    fc.assert(
      fc.property(long, (whole) => {
        const lines = whole.replace(/\r\n?|\n/g, '\r\n');
        expect(withCrlf(whole) === lines).toBe(true);
        expect(quotedPrintable(lines) === qp.wrap(qp.encode(lines))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
