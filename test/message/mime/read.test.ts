import { describe, expect, it } from 'vitest';
import { MIME_LIMITS, type MimeLimits } from '../../../src/message/mime/work.js';
import { attachmentOctets, displayOf, readMessage } from '../../../src/message/mime/read.js';
import { HEAD, multipart } from './shapes.js';

interface Summary {
  readonly text: string | null;
  readonly html: string | null;
  readonly files: readonly (readonly [name: string, type: string, octets: string])[];
}

function read(text: string, limits?: MimeLimits): Summary {
  const message = Buffer.from(text, 'latin1');
  const { text: plain, html, attachments } = readMessage(message, limits);
  const files = attachments.map(
    (one) => [one.name, one.contentType, attachmentOctets(message, one).toString('latin1')] as const,
  );
  return { text: plain, html, files };
}

const mixed = (...parts: string[]): string => HEAD + multipart('mixed', 'X', parts);
const TEXT = 'Content-Type: text/plain\r\n\r\nHello';

describe('text', () => {
  it('is decoded with the meaning that the web gives its character set', () => {
    for (const charset of ['windows-1252', 'iso-8859-1', 'latin1', '"cp1252"']) {
      expect(read(`${HEAD}Content-Type: text/plain; charset=${charset}\r\n\r\nit\x92s 5 \x80`).text).toBe(
        'it’s 5 €',
      );
    }
    const named = `Content-Disposition: attachment; filename*=windows-1252''5%20%80.pdf\r\n\r\nx`;
    expect(read(mixed(TEXT, named)).files[0]?.[0]).toBe('5 €.pdf');
  });

  it('without a character set is UTF-8 if it is valid UTF-8, else windows-1252', () => {
    expect(read(`${HEAD}\r\n\xc3\xbc`).text).toBe('ü');
    expect(read(`${HEAD}\r\n\xfc\x80`).text).toBe('ü€');
  });

  it('has its lines ended by LF in any character set', () => {
    const of = (charset: string, octets: Buffer): string | null =>
      read(
        `${HEAD}Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n${octets.toString('base64')}`,
      ).text;
    expect(of('utf-8', Buffer.from('a\r\nb\rc\nd'))).toBe('a\nb\rc\nd');
    // U+0A0D has the octets of CR and LF, and is not a line end.
    expect(of('utf-16le', Buffer.from('a\r\nb\u0a0d', 'utf16le'))).toBe('a\nb\u0a0d');
  });

  it('in an unknown character set is read if it is ASCII, else refused with the name of the set', () => {
    const of = (octets: string): string => `${HEAD}Content-Type: text/plain; charset=x-none\r\n\r\n${octets}`;
    expect(read(of('abc')).text).toBe('abc');
    expect(() => read(of('\x80'))).toThrow('its text is in the character set x-none');
    expect(() => read(`${HEAD}Content-Type: text/plain; charset=hz-gb-2312\r\n\r\n~{VPND~}`)).toThrow(
      'hz-gb-2312',
    );
  });

  it.each([
    ['multipart/mixed'],
    ['multipart/mixed; boundary=never'],
    ['multipart/mixed; boundary=""'],
    ['text'],
    ['text/'],
    ['/plain'],
    [''],
  ])('of an invalid type %j is kept as it is', (type) => {
    expect(read(`${HEAD}Content-Type: ${type}\r\n\r\nHello\r\n--b\r\n`).text).toBe('Hello\n--b\n');
  });

  it('is found by the boundary that occurs, if there are two', () => {
    const body = `\r\n\r\n--b\r\n\r\nHello\r\n--b--\r\n`;
    expect(read(`${HEAD}Content-Type: multipart/mixed; boundary=a; boundary=b${body}`).text).toBe('Hello');
    const fields = 'Content-Type: multipart/mixed; boundary=a\r\nContent-Type: multipart/mixed; boundary=b';
    expect(read(`${HEAD}${fields}${body}`).text).toBe('Hello');
  });

  it('that cannot be found in an encoded multipart is refused', () => {
    const encoded = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
    expect(() => read(`${encoded}SGVsbG8=\r\n`)).toThrow('its body is in base64');
    expect(read(encoded).text).toBe('');
  });

  it('in paragraphs is joined as RFC 3676 says', () => {
    const flowed = (body: string, more = ''): string | null =>
      read(`${HEAD}Content-Type: text/plain; format=flowed${more}\r\n\r\n${body}`).text;
    expect(flowed('one \r\ntwo\r\n> a \r\n> b\r\n>> c \r\n> d\r\n-- \r\nme\r\n  stuffed')).toBe(
      'one two\n> a b\n>> c \n> d\n-- \nme\n stuffed',
    );
    expect(flowed('one \r\ntwo', '; delsp=yes')).toBe('onetwo');
  });

  it('of plain and HTML parts that follow each other is in the HTML', () => {
    expect(read(mixed(TEXT, 'Content-Type: text/html\r\n\r\n<b>'))).toEqual({
      text: null,
      html: '<div style="white-space: pre-wrap">Hello</div><b>',
      files: [],
    });
    const alternative = multipart('alternative', 'Y', [TEXT, 'Content-Type: text/html\r\n\r\n<p>']).trimEnd();
    expect(read(mixed(alternative, '\r\n<footer>'))).toEqual({
      text: 'Hello\n<footer>',
      html: '<p><div style="white-space: pre-wrap">&lt;footer&gt;</div>',
      files: [],
    });
  });
});

describe('a file', () => {
  it('is a text that has a name and is not the first', () => {
    const log = 'Content-Type: text/plain\r\nContent-Disposition: inline; filename=log.txt\r\n\r\na\r\nb';
    const report = 'Content-Type: text/html; name=report.html\r\n\r\n<h1>';
    expect(read(mixed(TEXT, log, report))).toEqual({
      text: 'Hello',
      html: null,
      files: [
        ['log.txt', 'text/plain', 'a\r\nb'],
        ['report.html', 'text/html', '<h1>'],
      ],
    });
    expect(read(mixed(log, report)).text).toBe('a\nb');
  });

  it.each(['7bit', '8bit', 'binary', 'quoted-printable'])('in %s keeps its octets', (encoding) => {
    const part = `Content-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\nA\r\nB`;
    expect(read(mixed(TEXT, part)).files).toEqual([['a.csv', 'text/csv', 'A\r\nB']]);
  });

  it('has the parameters of its type, and a name made of its type if it has no name', () => {
    const of = (type: string): readonly string[] | undefined =>
      read(mixed(TEXT, `Content-Type: ${type}\r\n\r\nx`)).files[0]?.slice(0, 2);
    expect(of('text/calendar; method=REQUEST')).toEqual([
      'attachment-1.ics',
      'text/calendar; method=REQUEST',
    ]);
    expect(of('message/rfc822')).toEqual(['attachment-1.eml', 'message/rfc822']);
    expect(of('application/x-none; a="b c"; name=n')).toEqual(['n', 'application/x-none; a="b c"']);
    expect(of("application/x-none; title*=utf-8''%C3%BC")).toEqual([
      'attachment-1.att',
      "application/x-none; title*=utf-8''%C3%BC",
    ]);
  });

  it.each([
    ['../../etc/x.pdf', 'x.pdf'],
    ['C:\\\\temp\\\\x.pdf', 'x.pdf'],
    ['=?utf-8?Q?a=0D=0Ab.pdf?=', 'a  b.pdf'],
    ['=?utf-8?Q?fdp=E2=80=AE.exe?=', 'fdp.exe'],
    ['..', 'attachment-1.pdf'],
    [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(251)}.pdf`],
  ])('named %j gets the name %j', (given, name) => {
    const part = `Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="${given}"\r\n\r\nx`;
    expect(read(mixed(TEXT, part)).files[0]?.[0]).toBe(name);
  });

  it('of base64 that was joined from pieces keeps all of them', () => {
    const part =
      'Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==\r\nQg==\r\nQ0Q=';
    expect(read(mixed(TEXT, part)).files[0]?.[2]).toBe('ABCD');
  });
});

it('has a subject on one line', () => {
  const message = Buffer.from('Subject: =?utf-8?Q?a=0D=0ABcc:_x=40example.net?=\r\n\r\n');
  expect(displayOf(readMessage(message).fields, 'subject')).toBe('a  Bcc: x@example.net');
});

describe('limits', () => {
  const nested = (depth: number): string =>
    Array.from(
      { length: depth },
      (_, at) => `Content-Type: multipart/mixed; boundary=B${at}\r\n\r\n--B${at}\r\n`,
    ).join('');
  const fields = HEAD.split('\r\n').length - 1;
  // Each row: a limit, a message that reaches it, and a message that is one above.
  it.each<[keyof MimeLimits, number, string, string]>([
    ['lines', fields + 3, `${HEAD}\r\na\r\nb`, `${HEAD}\r\na\r\nb\r\nc`],
    ['fields', fields, HEAD, `${HEAD}X: y\r\n`],
    ['header', HEAD.length, HEAD, `${HEAD}x:\r\n`],
    ['parts', 3, mixed('\r\na', '\r\nb'), mixed('\r\na', '\r\nb', '\r\nc')],
    ['depth', 3, HEAD + nested(3), HEAD + nested(4)],
    [
      'parameters',
      2,
      `${HEAD}Content-Type: text/plain; a=b; c=d\r\n`,
      `${HEAD}Content-Type: text/plain; a=b; c=d; e=f\r\n`,
    ],
    ['text', 5, `${HEAD}\r\nHello`, `${HEAD}\r\nHello!`],
  ])('of %s: %i', (name, limit, at, above) => {
    const limits = { ...MIME_LIMITS, [name]: limit };
    expect(() => read(at, limits)).not.toThrow();
    expect(() => read(above, limits)).toThrow(String(limit));
  });

  it('count work that is linear in the octets, for every hostile shape', () => {
    const shapes: Readonly<Record<string, (size: number) => string>> = {
      'blank lines': (size) => `${HEAD}\r\n${'\r\n'.repeat(size)}`,
      'short lines': (size) => `${HEAD}\r\n${'a\r\n'.repeat(size)}`,
      'tiny parts': (size) => mixed(...Array.from({ length: Math.min(size, 900) }, () => '\r\na')),
      'nested multiparts': (size) => HEAD + nested(Math.min(size, 49)),
      'lines of hyphens': (size) => HEAD + nested(40) + '--\r\n'.repeat(size),
      'flowed text': (size) =>
        `${HEAD}Content-Type: text/plain; format=flowed\r\n\r\n${'a \r\n'.repeat(size)}`,
      fields: (size) => 'a:\r\n'.repeat(size),
      'folded fields': (size) => `a:\r\n${' b\r\n'.repeat(size)}`,
    };
    for (const [name, shape] of Object.entries(shapes)) {
      for (const size of [10, 100, 1000, 10_000]) {
        const message = Buffer.from(shape(size), 'latin1');
        const { done } = readMessage(message).work;
        expect([
          name,
          done.lines <= message.length,
          done.fields + done.parts + done.text <= message.length,
        ]).toEqual([name, true, true]);
      }
    }
  });
});
