import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { domainName } from '../../src/cli/commands/domain-name.js';
import { Table, table } from '../../src/cli/table.js';

describe('domain names', () => {
  it.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.Com.', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['localhost', 'localhost'],
    ['4chan.example', '4chan.example'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('%s is %s', (text, name) => {
    expect(domainName(text)).toBe(name);
  });

  it.each([
    '', '.', '..', 'a..b', '.a', 'a b.example', '-a.example', 'a-.example', 'a_b.example', 'a/b.example', 'a%41.example',
    '127.0.0.1', '0x7f.1', '[127.0.0.1]', '1.2', 'xn--a.example', 'ex\u00adample.com', 'example.com\n', '\uff45xample.com',
    `${'a'.repeat(64)}.example`, `${'a.'.repeat(126)}ab`, 'example.com:25', '*.example.com',
  ])('%j is not a domain name', (text) => {
    expect(() => domainName(text)).toThrow(/is not a domain name; give one such as example\.com/);
  }); // prettier-ignore

  it('asks for the domain alone if an address is given', () => {
    expect(() => domainName('me@example.com')).toThrow(/after the @/);
  });

  it('are stable: a name that came out goes in unchanged', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'grapheme' })), (text) => {
        let name: string;
        try {
          name = domainName(text);
        } catch {
          return;
        }
        expect(domainName(name)).toBe(name);
        expect(name).toMatch(/^[a-z0-9.-]+$/);
      }),
    );
  });
});

describe('tables', () => {
  it('align their columns, wide characters too', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['日本', 'x'],
          ['abcdef', '😀'],
          ['e\u0301', 'y'],
        ],
      ),
    ).toBe('A       B\n日本    x\nabcdef  😀\ne\u0301       y\n');
  });

  it('cut long cells, and lines to the width of the terminal', () => {
    const [, long = '', other = ''] = table(
      ['A', 'B'],
      [
        ['a'.repeat(60), 'b'],
        ['x', 'y'],
      ],
    ).split('\n');
    expect(long).toBe(`${'a'.repeat(47)}…  b`);
    expect(other).toBe(`x${' '.repeat(49)}y`);
    expect(table(['A', 'B'], [['aaaa', 'bbbb']], 8)).toBe('A     B\naaaa  b…\n');
  });

  it('are written page by page, and widen', () => {
    const pages = new Table(['A', 'B']);
    expect(pages.lines([['a', 'b']])).toBe('A  B\na  b\n');
    expect(pages.lines([['aaa', 'b']])).toBe('aaa  b\n');
    expect(pages.lines([['a', 'b']])).toBe('a    b\n');
  });
});
