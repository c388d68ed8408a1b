import fc from 'fast-check';
import libmime from 'libmime';
import nodemailer from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/base/fault.js';
import { HeaderSection } from '../../src/message/section.js';
import { MAX_TAG_LENGTH, MAX_TAGS, parseTags } from '../../src/message/tags.js';

const parse = (...values: string[]): ReturnType<typeof parseTags> =>
  parseTags(HeaderSection.parse(Buffer.from(values.map((value) => `T:${value}\r\n`).join(''))).take('T'));
const tags = (...values: string[]): readonly string[] => {
  const list = parse(...values);
  if (list instanceof Fault) throw new Error(list.reason);
  return list;
};

describe('tags', () => {
  it.each([
    ['one', [' welcome'], ['welcome']],
    ['several, trimmed', [' a b ,c,\t d '], ['a b', 'c', 'd']],
    ['empty items', [',, a,,', '', ' '], ['a']],
    ['none', [], []],
    ['repeats, compared exactly', [' a, b, a', ' b, A'], ['a', 'b', 'A']],
    ['repeated fields, in order', [' b', ' a, c'], ['b', 'a', 'c']],
    ['folds', [' a,\r\n b\r\n\tc,\r\n\t d'], ['a', 'b c', 'd']],
    ['encoded words', [' =?utf-8?q?Gr=C3=BC=C3=9Fe?=, x =?utf-8?b?w7w=?='], ['Grüße', 'x ü']],
    ['commas inside an encoded word', [' =?utf-8?q?=C3=BC,_b=2Cc?='], ['ü', 'b', 'c']],
    ['one tag in two encoded words', [' =?utf-8?q?=C3=BCber?=\r\n =?utf-8?q?_alles?='], ['über alles']],
    ['8-bit', [' Grüße'], ['Grüße']],
    ['what only looks encoded', [' =?utf-8?q?open, =?'], ['=?utf-8?q?open', '=?']],
  ])('%s', (_, values, expected) => {
    expect(tags(...values)).toEqual(expected);
  });

  it('accepts twenty and refuses one more; repeats do not count', () => {
    const names = Array.from({ length: MAX_TAGS }, (_, index) => `t${index}`);
    expect(tags(` ${names.join(',')}`, ' t0, t19,')).toEqual(names);
    expect(parse(` ${names.join(',')}`, ' one more')).toEqual(new Fault('T: more than 20 tags'));
  });

  it.each(['x', 'ü', '🎉'])('accepts a hundred characters and refuses one more: %s', (character) => {
    const longest = character.repeat(MAX_TAG_LENGTH);
    expect(tags(` a, ${longest}`)).toEqual(['a', longest]);
    expect(parse(` a, ${longest}${character}`)).toEqual(new Fault('T: tag 2 has more than 100 characters'));
  });

  it.each([
    ' a\0b',
    ' a\x7fb',
    ' =?utf-8?q?x?= a__\0JOIN\0__b',
    ' =?utf-8?q?a=00?=',
    ' =?utf-8?q?a=0D=0Ab?=',
    ' =?utf-8?q?a=09b?=',
    ' a\u0085b',
  ])('refuses controls: %j', (value) => {
    expect(parse(value)).toEqual(new Fault('T: a tag holds a control character'));
  });

  it('reads fields of 256 KiB', () => {
    const size = 256 * 1024;
    expect(tags(','.repeat(size))).toEqual([]);
    expect(tags('a,'.repeat(size / 2))).toEqual(['a']);
    expect(tags('\r\nT:'.repeat(size / 4))).toEqual([]);
    expect(parse('x'.repeat(size))).toBeInstanceOf(Fault);
    expect(parse(Array.from({ length: size / 8 }, (_, index) => index).join())).toBeInstanceOf(Fault);
  });
});

const tag = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.replace(/,/g, ';').trim())
  .filter((text) => text !== '' && !text.includes('=?') && !text.includes('?='));
const tagList = fc.uniqueArray(tag, { minLength: 1, maxLength: MAX_TAGS });

// Invariant: the tags that are read are the tags that an app wrote, however its library encoded them.
describe('tags survive encoding', () => {
  it('as one run of encoded words', () => {
    fc.assert(
      fc.property(tagList, fc.constantFrom('Q', 'B'), (list, encoding) => {
        expect(
          tags(` ${libmime.encodeWord(list.join(', '), encoding, 52).replaceAll(' ', '\r\n ')}`),
        ).toEqual(list);
      }),
    );
  });

  it('if each is encoded alone, over several fields', () => {
    fc.assert(
      fc.property(tagList, (list) => {
        expect(tags(...list.map((each) => ` ${libmime.encodeWord(each, 'Q')}`))).toEqual(list);
      }),
    );
  });

  it('from nodemailer', async () => {
    const transport = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    await fc.assert(
      fc.asyncProperty(tagList, async (list) => {
        const sent = await transport.sendMail({ headers: { 'X-OMS-Tags': list.join(', ') }, text: 'x' });
        const message = sent.message as Buffer;
        const header = HeaderSection.parse(message.subarray(0, message.indexOf('\r\n\r\n') + 2));
        expect(parseTags(header.take('x-oms-tags'))).toEqual(list);
      }),
      { numRuns: 50 },
    );
  });
});
