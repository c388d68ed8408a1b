import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderRefusal, rewriteHeader, type Rewritten } from '../../src/submission/rewrite.js';
import { TRACE } from '../message/trace.js';

const rewrite = (section: string): Rewritten =>
  rewriteHeader(Buffer.from(section, 'latin1'), { domain: 'example.com', trace: TRACE });
const text = (octets: Buffer): string => octets.toString('latin1');

/** Splits a section into fields: a line that does not begin with white space begins a field. */
const split = (section: string): string[] => (section === '' ? [] : section.split(/(?<=\r\n)(?![ \t])/));

const HANDLED = /^(?:from|bcc|resent-bcc|x-oms-tags|x-mailpace-tags|x-list-unsubscribe|list-unsubscribe)$/i;
const other = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(
        'To',
        'Subject',
        'Date',
        'Message-ID',
        'Received',
        'Sender',
        'X-OMS-Tag',
        'DKIM-Signature',
      ),
      fc.stringMatching(/^[!-9;-~]{1,8}$/),
    ),
    fc.constantFrom('', ' ', '\t'),
    fc.array(
      fc.uint8Array({ maxLength: 12 }).map((octets) =>
        Buffer.from(octets)
          .toString('latin1')
          .replace(/[\r\n]/g, ''),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.constantFrom('\r\n ', '\r\n\t'),
  )
  .filter(([name]) => !HANDLED.test(name))
  .map(([name, gap, lines, fold]) => `${name}${gap}:${lines.join(fold)}\r\n`);
const taken = fc.constantFrom(
  'Bcc: x@y\r\n',
  'RESENT-BCC:\r\n x@y\r\n',
  'X-OMS-Tags: a, b\r\n',
  'x-mailpace-tags :\r\n\t=?utf-8?q?=C3=BC?=\r\n',
  'X-List-Unsubscribe: <https://x>,\r\n <mailto:y>\r\n',
);
/** Fields to keep, marked true, with fields to remove among them, and one From field. */
const fields = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: other.map((field) => ({ field, kept: true })) },
        { weight: 1, arbitrary: taken.map((field) => ({ field, kept: false })) },
      ),
      { maxLength: 15 },
    ),
    fc.nat(),
  )
  .map(([rest, at]) => {
    const from = { field: 'fRom:\t"x, y"\r\n <a@example.com>\r\n', kept: true };
    const place = at % (rest.length + 1);
    return [...rest.slice(0, place), from, ...rest.slice(place)];
  });

// Invariant: apart from Received on top and missing fields at the end, the result has exactly the fields to keep, octet
// for octet and in their order.
it('leaves every other field octet for octet, in order', () => {
  fc.assert(
    fc.property(fields, (list) => {
      const section = list.map(({ field }) => field).join('');
      const kept = list.filter((each) => each.kept).map(({ field }) => field);
      const lines = split(text(rewrite(section).octets));
      expect(lines.shift()).toMatch(/^Received: from app\.example /);
      expect(lines.pop()).toBe('\r\n');
      expect(lines.slice(0, kept.length)).toEqual(kept);
      const has = (name: RegExp): boolean => kept.some((field) => name.test(field));
      const expected = [
        ...(section.includes('X-List-Unsubscribe') ? ['List-Unsubscribe'] : []),
        ...(has(/^date[ \t]*:/i) ? [] : ['Date']),
        ...(has(/^message-id[ \t]*:/i) ? [] : ['Message-ID']),
      ];
      expect(lines.slice(kept.length).map((field) => field.slice(0, field.indexOf(':')))).toEqual(expected);
    }),
  );
});

// Invariant: a second rewriting adds one more Received on top and changes nothing else.
it('is stable when applied twice', () => {
  fc.assert(
    fc.property(fields, (list) => {
      const once = rewrite(list.map(({ field }) => field).join(''));
      const twice = rewrite(text(once.octets.subarray(0, -2)));
      const [received, ...rest] = split(text(twice.octets));
      expect(received).toMatch(/^Received: /);
      expect(rest.join('')).toBe(text(once.octets));
      expect(twice.tags).toEqual([]);
      expect(twice).toMatchObject({
        from: once.from,
        subject: once.subject,
        listUnsubscribe: once.listUnsubscribe,
        messageId: once.messageId,
      });
    }),
  );
});

// Invariant: any octets at all are rewritten or refused, and the result is never much larger than the input.
it('throws nothing but refusals', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((octets) => text(Buffer.from(octets))),
    fc.constantFrom(
      'From: a@example.com\r\n',
      'From:',
      '\r\n',
      '\r\n ',
      'X-OMS-Tags:',
      'X-List-Unsubscribe:',
    ),
    fc.constantFrom('=?utf-8?q?', '?=', '<https://', '>', ',', '(', '"', 'Bcc: ', '@example.com', 'Subject:'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const section = pieces.join('');
      try {
        expect(rewrite(section).octets.length).toBeLessThan(2 * section.length + 500);
      } catch (error) {
        expect(error).toBeInstanceOf(HeaderRefusal);
        expect((error as HeaderRefusal).reason).toMatch(/^[ -~]{1,300}$/);
      }
    }),
    { numRuns: 2000 },
  );
});

describe('hostile sections of 256 KiB', () => {
  const size = 256 * 1024;
  const outcome = (section: string): string => {
    try {
      return `rewritten, ${rewrite(section).octets.length < 2 * size ? 'bounded' : 'grown'}`;
    } catch (error) {
      return error instanceof HeaderRefusal ? error.kind : 'thrown';
    }
  };
  const from = 'From: a@example.com\r\n';
  it.each([
    ['fields', `${from}${'a:\r\n'.repeat(size / 4)}`, 'rewritten, bounded'],
    ['From fields', from.repeat(size / from.length), 'from'],
    ['Bcc fields between others', `${from}${'Bcc:\r\nBcd:\r\n'.repeat(size / 12)}`, 'rewritten, bounded'],
    ['tag fields', `${from}${'X-OMS-Tags:a\r\n'.repeat(size / 14)}`, 'tags'],
    ['folds in From', `From:${'\r\n '.repeat(size / 3)}a@example.com\r\n`, 'from'],
    ['comments in From', `From:${'('.repeat(size)}\r\n`, 'from'],
    ['mailboxes in From', `From:${'a@example.com,'.repeat(size / 14)}b@example.com\r\n`, 'from'],
    ['words in From', `From:${'a '.repeat(size / 2)}\r\n`, 'from'],
    ['encoded words in Subject', `${from}Subject:${'=?x?q?='.repeat(size / 7)}\r\n`, 'rewritten, bounded'],
    [
      'brackets in X-List-Unsubscribe',
      `${from}X-List-Unsubscribe:${'<'.repeat(size)}\r\n`,
      'list-unsubscribe',
    ],
    ['one line', 'a'.repeat(size), 'malformed'],
  ])('%s', (_, section, expected) => {
    expect(outcome(section)).toBe(expected);
  });
});
