// Mail of plain ASCII is written without MailComposer. Whatever the mail, it gets the octets that MailComposer makes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composedMessage } from '../../src/api/compose/mime.js';
import { mailpaceMail } from '../../src/api/compose/mailpace.js';
import { plainMessage } from '../../src/api/compose/plain.js';

const GIVEN = {
  messageId: '<0f8fad5b-d9cb-469f-a165-70867728950e@example.com>',
  date: 'Sun, 29 Nov 2026 12:00:00 +0000',
  boundary: '0f8fad5b-d9cb-469f-a165-70867728950e',
};

function read(body: object) {
  return mailpaceMail(
    { from: 'app@example.com', to: 'a@example.net', ...body },
    { domain: 'example.com', extensions: [] },
  );
}

function bothWays(body: object, instructions: readonly (readonly [string, string])[] = []) {
  const mail = read(body);
  const plain = plainMessage(mail, { ...GIVEN, instructions });
  return {
    plain: plain?.toString('latin1') ?? null,
    composed: composedMessage(mail, { ...GIVEN, instructions }).toString('latin1'),
  };
}

/** Mostly something plain, so that all of a mail often is. */
const mostly = <Value>(plain: readonly Value[], other: readonly Value[]) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...plain) },
    { weight: 1, arbitrary: fc.constantFrom(...other) },
  );
const piece = mostly(
  [
    ...[
      'a',
      'Z',
      '0',
      ' ',
      '  ',
      '\t',
      '.',
      '=',
      '?',
      "'",
      '<b>',
      '--',
      '\r\n',
      '\n',
      '\r',
      ' \r\n',
      '=20',
      '~',
    ],
    ...[
      'x'.repeat(75),
      'y'.repeat(76),
      'word '.repeat(30),
      '0123456789'.repeat(20),
      'http://example.com/?a=b',
    ],
  ],
  ['é', '日', '\0', '\x7f', '\u2028', '"', '=?'],
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const name = mostly(
  ['', 'Ann', 'Ann B', 'Ann_1', 'x'.repeat(80), 'word '.repeat(20).trim()],
  ['"B, Ann"', 'Zoë', "O'Neil", '"A  B"'],
);
const address = mostly(
  ['a@example.net', 'a.b+c@example.net', 'A@sub.example.net', `${'l'.repeat(60)}@${'d'.repeat(60)}.example`],
  [
    ...['A@EXAMPLE.NET', 'a@xn--bcher-kva.example', 'a@bücher.example', 'a@[192.0.2.1]', '"a b"@example.net'],
    ...['a@example.0x7f', 'a@example.1', 'é@example.net'],
  ],
);
const mailbox = fc.tuple(name, address).map(([n, a]) => (n === '' ? a : `${n} <${a}>`));
const list = fc.array(mailbox, { minLength: 1, maxLength: 4 }).map((all) => all.join(', '));
const body = fc.record(
  {
    ...{ to: list, cc: list, replyto: list, subject: text, textbody: text, htmlbody: text },
    ...{ inreplyto: mostly([''], ['<1@example.net>']), references: mostly([''], ['<1@example.net>']) },
    from: name.map((n) => (n === '' ? 'app@example.com' : `${n} <app@example.com>`)),
  },
  { requiredKeys: ['to', 'subject'] },
);

describe('mail of plain ASCII', () => {
  it('gets the octets that MailComposer makes of it', () => {
    let plain = 0;
    fc.assert(
      fc.property(body, (fields) => {
        const hasText = (fields.textbody ?? '') !== '' || (fields.htmlbody ?? '') !== '';
        const ways = bothWays(hasText ? fields : { ...fields, textbody: 'x' });
        if (ways.plain === null) return;
        plain++;
        expect(ways.plain).toBe(ways.composed);
      }),
      { numRuns: 600 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  it.each([
    { textbody: 'It works.' },
    { htmlbody: '<p>It works.</p>\n' },
    { textbody: 'Hi\n\n.\n', htmlbody: '<p>Hi' },
    { subject: 'word '.repeat(40), textbody: 'word '.repeat(40) },
    {
      to: 'Ann <a@example.net>, b@example.net, c@example.net, d@example.net',
      cc: 'e@example.net',
      textbody: 'x',
    },
    {
      subject: null,
      replyto: 'Help <help@example.com>',
      textbody: `a${' '.repeat(3)}\n${'long '.repeat(30)}`,
    },
  ])('is written without it: %j', (fields) => {
    const { plain, composed } = bothWays(fields);
    expect(plain).toBe(composed);
  });

  it.each([73, 74, 75, 76, 77, 78])(
    'folds its subject where MailComposer does, with %i octets in the line',
    (length) => {
      const subject = `${'word '.repeat(10)}${'x'.repeat(length - 'Subject: '.length - 50)}`;
      const { plain, composed } = bothWays({ subject, textbody: subject });
      expect(plain).toBe(composed);
    },
  );

  it.each([
    { textbody: 'naïve' },
    { textbody: 'x', subject: 'naïve' },
    { textbody: 'x', subject: 'an "x"' },
    { textbody: 'x', subject: '=?utf-8?q?x?=' },
    { textbody: 'x', to: '"B, Ann" <a@example.net>' },
    { textbody: 'x', attachments: [{ name: 'a.txt', content: 'eA==' }] },
    { textbody: 'x', Headers: [{ Name: 'X-A', Value: 'b' }] },
    { textbody: '1234567890'.repeat(10) },
  ])('is left to MailComposer where something must be encoded: %j', (fields) => {
    expect(bothWays(fields).plain).toBeNull();
  });

  it('has the fields of the mail API that the acceptance reads', () => {
    const fields = [
      ['X-Oms-Tags', 'welcome, new'],
      ['X-List-Unsubscribe', `<https://example.com/${'u'.repeat(80)}>, <mailto:u@example.com>`],
    ] as const;
    const { plain, composed } = bothWays({ textbody: 'x' }, fields);
    expect(plain).toBe(composed);
    expect(plain).toContain('X-Oms-Tags: welcome, new\r\n');
  });
});
