import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, Reply, reply, type ReplyName } from '../../src/protocol/parts.js';
import { textOf } from './session-harness.js';

const entries = Object.entries(CATALOGUE) as [ReplyName, (typeof CATALOGUE)[ReplyName]][];

describe('the catalogue', () => {
  it('has no two replies alike', () => {
    const seen = entries.map(([, row]) => row.join(' '));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each(entries)('%s: code and enhanced code agree', (_, [code, enhanced]) => {
    expect(String(code)).toMatch(/^[2-5][0-5]\d$/);
    // RFC 2034 4: every 2yz, 4yz and 5yz but the greeting and the hello has one.
    if (enhanced === null) expect([220, 250, 334, 354]).toContain(code);
    else expect(enhanced).toMatch(new RegExp(`^${String(code).charAt(0)}\\.\\d\\.\\d{1,2}$`));
  });

  it.each(entries)('%s: the text is printable and leaves room in its line', (_, [, , text]) => {
    expect(text).toMatch(/^[ -~]+$/);
    expect(text.length).toBeLessThan(200);
  });

  it('has one row in docs/replies.md for each reply, and no other rows', () => {
    const page = readFileSync(new URL('../../docs/replies.md', import.meta.url), 'utf8');
    const documented = Array.from(
      page.matchAll(/^\| (\d{3}) \| (\S+) \| (.+?) \| (.+?) \| (.+?) \|$/gm),
      (row) => [row[1], row[2] === '-' ? 'null' : row[2], row[3]?.replaceAll('\\', '')].join(' '),
    );
    expect(documented.sort()).toEqual(entries.map(([, row]) => row.map(String).join(' ')).sort());
  });

  it('gives constant replies as one value', () => {
    expect(reply('ok')).toBe(reply('ok'));
  });

  it('fills in what is given, once', () => {
    const filled = reply('badParameter', { parameter: '{reason}', reason: 'no $& \\ {parameter}' });
    expect(filled.toString()).toBe('501 5.5.4 Bad parameter {reason}: no $& \\ {parameter}');
    // A caller without types leaves a gap, not a name.
    expect(reply('timeout', {} as { what: string }).text).toBe(' took too long, closing the connection');
  });
});

describe('a reply', () => {
  it.each([199, 600, 560, 1000, 250.5, NaN, -250])('has no code %d', (code) => {
    expect(() => new Reply(code, null, 'x')).toThrow(RangeError);
  });

  it.each([
    [250, '5.0.0'],
    [550, '2.0.0'],
    [550, '5.7'],
    [550, '5.7.1.1'],
    [550, '5.7.1\r\n'],
    [354, '3.0.0'],
    [550, ''],
  ])('%d has no enhanced code %j', (code, enhanced) => {
    expect(() => new Reply(code, enhanced, 'x')).toThrow(/enhanced code: expected/);
  });

  it('cannot be made two by its text', () => {
    const forged = new Reply(550, '5.7.1', 'no\r\n250 yes\n\r250-yes\t\0\x1b[31m\x7f\u0085é\u{1f4e7}');
    expect(textOf(forged.octets)).toBe('550 5.7.1 no 250 yes 250-yes ??[31m?????\r\n');
  });

  it('is cut to the limit of a reply line', () => {
    for (const enhanced of [null, '5.7.1']) {
      expect(new Reply(550, enhanced, 'x'.repeat(1000)).octets).toHaveLength(512);
      expect(new Reply(550, enhanced, ['y', 'x'.repeat(1000)]).lines[1]?.length).toBeGreaterThan(490);
    }
  });

  it('has a hyphen in every line but the last', () => {
    expect(textOf(new Reply(250, null, ['a', 'b', 'c']).octets)).toBe('250-a\r\n250-b\r\n250 c\r\n');
    expect(textOf(new Reply(550, '5.7.1', ['a', 'b']).octets)).toBe('550-5.7.1 a\r\n550 5.7.1 b\r\n');
    expect(textOf(new Reply(250, null, []).octets)).toBe('250 \r\n');
  });

  it('says whether it is a yes', () => {
    expect([250, 354, 421, 550].map((code) => new Reply(code, null, '').positive)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    [null, "new Reply(250, null, 'text')"],
    ['2.0.0', "new Reply(250, '2.0.0', 'text')"],
  ])('names the right form if its text is no text, with the enhanced code %s', (enhanced, form) => {
    expect(() => new Reply(250, enhanced, 7 as unknown as string)).toThrow(
      `reply text: expected a string or a list of strings, as in ${form}, got 7`,
    );
  });

  it('knows its name in the catalogue', () => {
    expect(reply('bye').name).toBe('bye');
    expect(reply('lineTooLong', { limit: 1 }).name).toBe('lineTooLong');
    expect(new Reply(250, null, 'a').name).toBeNull();
  });

  it('closes the connection if it is a 421, or if it was made to', () => {
    const own = new Reply(250, '2.0.0', ['a', 'b']);
    const closing = own.closing();
    expect([own.closes, closing.closes, new Reply(421, null, 'a').closes]).toEqual([false, true, true]);
    expect(textOf(closing.octets)).toBe(textOf(own.octets));
  });

  it('reads on one line', () => {
    expect(String(new Reply(250, null, ['a', 'b']))).toBe('250 a b');
    expect(String(new Reply(550, '5.7.1', 'no'))).toBe('550 5.7.1 no');
  });
});
