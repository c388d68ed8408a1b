import { Fault } from '../../src/base/fault.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMailboxList } from '../../src/message/mailbox.js';

const addresses = (text: string): string[] => {
  const list = parseMailboxList(text);
  if (list instanceof Fault) throw new Error(list.reason);
  return list.map((mailbox) => mailbox.address);
};

describe('parses', () => {
  it.each([
    ['a@x.example', 'a@x.example', undefined],
    [' <a@x.example>\t', 'a@x.example', undefined],
    ['Joe Q. Public <john.q.public@example.com>', 'john.q.public@example.com', 'Joe Q. Public'],
    ['"Giant; \\"Big\\" Box" <sysservices@example.net>', 'sysservices@example.net', 'Giant; "Big" Box'],
    // RFC 5322 A.5
    ['Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>', 'pete@silly.test', 'Pete'],
    ['a@x.example (a (nested) comment, <b@y>)', 'a@x.example', undefined],
    [
      '=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_M=2E?= <j@x.example>',
      'j@x.example',
      '=?utf-8?q?J=C3=B6rg?= =?utf-8?q?_M=2E?=',
    ],
    ['Jörg <jörg@bücher.example>', 'jörg@bücher.example', 'Jörg'],
    ['"a@b c"@x.example', '"a@b c"@x.example', undefined],
    ['"" <a@x.example>', 'a@x.example', undefined],
    ['a"b"c <a@x.example>', 'a@x.example', 'abc'],
    ['a @ x.example', 'a@x.example', undefined],
    ['a@[192.0.2.1]', 'a@[192.0.2.1]', undefined],
    ['a@[ IPv6:2001:db8::1 ]', 'a@[IPv6:2001:db8::1]', undefined],
    ['a@x.example.', 'a@x.example.', undefined],
    ["!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x", undefined],
  ])('%s', (text, address, displayName) => {
    const list = parseMailboxList(text);
    expect(list).toMatchObject([{ address }]);
    expect(list instanceof Fault || list[0]?.displayName).toBe(displayName);
  });

  // The common form is read by one regular expression. A comment before it leaves the text to the grammar.
  it('reads the common form as the grammar does', () => {
    const piece = fc.constantFrom('a', 'Z', '0', '_', '-', '+', '.', '@', '<', '>', ' ', 'shop', 'x.example');
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    const common = fc
      .tuple(
        fc.constantFrom('', ' '),
        text,
        fc.constantFrom('a@x', '<a.b@x.y>', ' <a+b@x>'),
        fc.constantFrom('', '.'),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, common), (text) => {
        const byGrammar = parseMailboxList(`()${text}`);
        if (byGrammar instanceof Fault) expect(parseMailboxList(text)).toBeInstanceOf(Fault);
        else expect(parseMailboxList(text)).toEqual(byGrammar);
      }),
      { numRuns: 2000 },
    );
  });

  it('splits local part and domain at the right @', () => {
    const list = parseMailboxList('N <"a@b"@x.example>');
    expect(list).toEqual([
      { displayName: 'N', localPart: '"a@b"', domain: 'x.example', address: '"a@b"@x.example' },
    ]);
  });

  it('reads several mailboxes', () => {
    expect(addresses('a@x, "B, C" <b@y> (c@z), d@w')).toEqual(['a@x', 'b@y', 'd@w']);
  });

  it('accepts addresses at their limits', () => {
    const local = 'l'.repeat(64);
    const domain = 'd'.repeat(255);
    expect(addresses(`${local}@${domain}`)).toEqual([`${local}@${domain}`]);
    expect(parseMailboxList(`${local}l@${domain}`)).toBeInstanceOf(Fault);
    expect(parseMailboxList(`${local}@${domain}d`)).toBeInstanceOf(Fault);
  });
});

// Some parser in use reads most of these as an address, and two parsers read different addresses.
describe('rejects', () => {
  it.each([
    '',
    ' ',
    '(only a comment)',
    'a',
    'a@',
    '@x',
    'a@x@y',
    '<a@x',
    'a@x>',
    '<>',
    '<<a@x>>',
    '<a@x> b',
    '<a@x> <b@y>',
    'a@x <b@y>',
    '<a@x>, ',
    ',a@x',
    'a@x,,b@y',
    'a@x;b@y',
    'a@x b@y',
    'a..b@x',
    '.a@x',
    'a.@x',
    'a@.x',
    'a@x..y',
    'a@x.. ',
    'a b@x',
    '"a"b@x',
    '"a".b@x',
    'a@"x"',
    '"open <a@x>',
    'a@x (open',
    'a@x (open \\)',
    'a) <b@x>',
    '<@route:a@x>',
    'Group: a@x;',
    'Group:;',
    '. <a@x>',
    'Doe, John <a@x>',
    'a@x\r\nb@y',
    'a\r <b@y>',
    'a\0@x',
    '"a\0" <b@x>',
    'a@x (\x07)',
    'a@[x',
    'a@[x]y',
    'a@[x\\]]',
    'a@[[x]',
    'a\u0085 <b@x>',
    'a\u200b@x',
    'a\u202eb@x',
    'a\u00a0b@x',
    'a@x\u2028y',
    'a@exam\u00adple',
    '"a\tb"@x',
  ])('%j', (text) => {
    const list = parseMailboxList(text);
    expect(list).toBeInstanceOf(Fault);
    // The reason fits into a reply, and contains nothing of the input that could not be in one.
    expect(list instanceof Fault && list.reason).toMatch(/^[ -~]{1,120}$/);
  });
});

// Invariant: an address is found exactly as it was composed, whatever is around it.
it('finds the address between comments, white space and names', () => {
  const cfws = fc.constantFrom('', ' ', '\t', '(c)', ' (a (b) \\( <x@y>, ) ');
  const atom = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,6}$/);
  const dotAtom = fc.array(atom, { minLength: 1, maxLength: 3 }).map((atoms) => atoms.join('.'));
  const quoted = fc.string({ maxLength: 8 }).map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
  const parts = fc.tuple(cfws, fc.option(fc.oneof(atom, quoted)), fc.oneof(dotAtom, quoted), dotAtom, cfws);
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), (mailboxes) => {
      const written = mailboxes.map(([before, name, local, domain, after]) => {
        const spec = `${before}${local}${after}@${after}${domain}${before}`;
        return name === null ? spec : `${before}${name}${after}<${spec}>${after}`;
      });
      const expected = mailboxes.map(([, , local, domain]) => `${local}@${domain}`);
      expect(addresses(written.join(','))).toEqual(expected);
    }),
  );
});

// Invariant: any text parses or does not; nothing is thrown.
it('reads any text', () => {
  const text = fc.array(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }), fc.constantFrom(...'<>@,:;()"\\[]. ab'.split(''))),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(text, (pieces) => {
      const list = parseMailboxList(pieces.join(''));
      if (!(list instanceof Fault))
        for (const { address } of list) expect(addresses(address)).toEqual([address]);
    }),
    { numRuns: 1000 },
  );
});

describe('reads hostile texts of 256 KiB', () => {
  const size = 256 * 1024;
  it.each(['(', ')', '"', '\\', '<', 'a ', 'a.', '"a"', '""', '()', 'a@', ',', '@', '[', 'a@b,', '.', ':'])(
    'of %j',
    (part) => {
      const list = parseMailboxList(part.repeat(size / part.length));
      expect(list).toBeInstanceOf(Fault);
    },
  );

  it('of comments and of words before an address', () => {
    expect(addresses(`${'('.repeat(size)}${')'.repeat(size)}a@x`)).toEqual(['a@x']);
    expect(addresses(`${'a . '.repeat(size / 4)}<a@x>`)).toEqual(['a@x']);
    expect(
      addresses(
        Array(size / 4)
          .fill('a@x')
          .join(','),
      ),
    ).toHaveLength(size / 4);
  });
});
