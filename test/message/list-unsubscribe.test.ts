import { Fault } from '../../src/base/fault.js';
import { describe, expect, it } from 'vitest';
import {
  listUnsubscribeField,
  listUnsubscribeValue,
  MAX_URI_LENGTH,
  parseUriList,
} from '../../src/message/list-unsubscribe.js';

const WEB = 'https://x.example/u?a=1,2&b=(c)';
const MAIL = 'mailto:u@x.example?subject=off';

describe('parses', () => {
  it.each([
    ['one', `<${WEB}>`, [WEB]],
    ['two', `<${WEB}>, <${MAIL}>`, [WEB, MAIL]],
    ['more, http too', `<${MAIL}>,<http://x>,\t<HTTPS://y>`, [MAIL, 'http://x', 'HTTPS://y']],
    ['comments', `(a, <b>) <${WEB}> (c), <${MAIL}> ((d))`, [WEB, MAIL]],
    ['white space put inside by a mailer', '<https://x.example/\ta b>', ['https://x.example/ab']],
    ['repeats once', `<${WEB}>, <${WEB}>`, [WEB]],
    [
      'encoded by a mail library',
      '=?utf-8?q?=3Chttps=3A//x=2Eexample/?= =?utf-8?q?long=3E?=',
      ['https://x.example/long'],
    ],
    ['not encoded, whatever it looks like', '<https://x/?=?utf-8?q?a?=>', ['https://x/?=?utf-8?q?a?=']],
  ])('%s', (_, text, uris) => {
    expect(parseUriList(text)).toEqual(uris);
  });
});

describe('rejects', () => {
  it.each([
    '',
    ' ',
    WEB,
    'yes',
    '<>',
    '< >',
    '<not a uri>',
    '<ftp://x/y>',
    '<javascript:alert(1)>',
    '<mailto:>',
    '<https://>',
    '<https:x.example>',
    '<//x.example>',
    `<${WEB}`,
    `${WEB}>`,
    `<<${WEB}>>`,
    `<${WEB}>,`,
    `,<${WEB}>`,
    `<${WEB}> <${MAIL}>`,
    `<${WEB}>;<${MAIL}>`,
    `<${WEB}> or mail us`,
    `<${WEB}> (open`,
    '<https://x/ü>',
    '<https://x/"y">',
    '<https://x/\r\nBcc:y>',
    '<mailto:a@x\0>',
    '=?utf-8?q?=3Chttps=3A//x=0D=0ABcc=3A_a=40b=3E?=',
  ])('%j', (text) => {
    const list = parseUriList(text);
    expect(list).toBeInstanceOf(Fault);
    expect(list instanceof Fault && list.reason).toMatch(/^[ -~]{1,120}$/);
  });

  it('a URI too long for a line', () => {
    const longest = 'https://x/'.padEnd(MAX_URI_LENGTH, 'y');
    expect(parseUriList(`<${longest}>`)).toEqual([longest]);
    expect(parseUriList(`<${longest}y>`)).toBeInstanceOf(Fault);
  });

  it.each(['<', '>', '(', '<https://x>', '<https://x>,', '()', '\\'])(
    '256 KiB of %j in linear time',
    (part) => {
      expect(parseUriList(part.repeat((256 * 1024) / part.length))).toBeInstanceOf(Fault);
    },
  );
});

it('writes one field that parses again', () => {
  const uris = [WEB, MAIL, 'https://x/'.padEnd(MAX_URI_LENGTH, 'y')];
  const field = listUnsubscribeField(uris);
  expect(field).toBe(`List-Unsubscribe: <${WEB}>,\r\n <${MAIL}>,\r\n <${uris.at(-1)}>\r\n`);
  for (const line of field.split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
  expect(parseUriList(listUnsubscribeValue(uris))).toEqual(uris);
});
