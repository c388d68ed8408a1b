// The grammar by itself. Addresses in their commands stand in test/vectors/addresses.vec.
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/protocol/grammar/base64.js';
import { anyHelloName, isAddressLiteral, isDomain, isHelloName } from '../../src/protocol/grammar/domain.js';
import { Fault } from '../../src/base/fault.js';
import { parseMailbox, parsePath } from '../../src/protocol/grammar/mailbox.js';
import { ParameterFault, parseParameters } from '../../src/protocol/commands/parameters.js';
import { decodeXtext } from '../../src/protocol/grammar/xtext.js';
import { decodeUtf8, trimEnd, trimStart, utf8Length } from '../../src/base/octets.js';

const dotted = (octets: number): string => 'abcdefg.'.repeat(40).slice(0, octets - 1) + 'x';

describe('domains', () => {
  it.each([
    'x',
    'x.example',
    'a-b.c--d',
    '1.2',
    'xn--bcher-kva.example',
    'bücher.example',
    '例え.テスト',
    dotted(255),
  ])('%s is one', (text) => expect(isDomain(text)).toBe(true));
  it.each([
    '',
    '.',
    'x.',
    '.x',
    'a..b',
    '-a',
    'a-',
    'a_b',
    'a b',
    'a\u200bb',
    'ü-',
    '-ü',
    'a\0',
    dotted(256),
  ])('rejects %j', (text) => expect(isDomain(text)).toBe(false));

  it('counts a label in octets', () => {
    expect(isDomain('ü'.repeat(31) + 'a')).toBe(true);
    expect(isDomain('ü'.repeat(32))).toBe(false);
    expect(isDomain('a'.repeat(63))).toBe(true);
    expect(isDomain('a'.repeat(64))).toBe(false);
  });
});

describe('address literals', () => {
  it.each([
    ...['[0.0.0.0]', '[255.255.255.255]', '[IPv6:::]', '[IPv6:::1]', '[IPv6:1::]', '[IPv6:1:2:3:4:5:6:7:8]'],
    ...['[IPv6:1:2:3:4:5:6:192.0.2.1]', '[IPv6:::192.0.2.1]', '[IPv6:1::2:192.0.2.1]', '[ipv6:ABCD::abcd]'],
    ...['[IPv6:1:2:3::6:7:8]', '[IPv6:1:2:3:4:5:6::]'],
  ])('%s is one', (text) => expect(isAddressLiteral(text)).toBe(true));
  it.each([
    ...[
      '',
      '[',
      '[]',
      '192.0.2.1',
      '[192.0.2.1',
      '[192.0.2]',
      '[192.0.2.1.1]',
      '[192.0.2.256]',
      '[192.0.2.01]',
    ],
    ...[
      '[192.0.2.-1]',
      '[192.0.2. 1]',
      '[IPv6:]',
      '[IPv6:1]',
      '[IPv6:1:2:3:4:5:6:7:8:9]',
      '[IPv6::1]',
      '[IPv6:1:]',
    ],
    ...[
      '[IPv6:::1::]',
      '[IPv6::::]',
      '[IPv6:12345::]',
      '[IPv6:g::]',
      '[IPv6:192.0.2.1::]',
      '[IPv6:::192.0.2]',
    ],
    ...['[IPv6:1:2:3:4:5:6:7:192.0.2.1]', '[IPv6:1:2:3:4::5:6:7:8]', '[::1]', '[IPv6:fe80::1%eth0]'],
  ])('rejects %s', (text) => expect(isAddressLiteral(text)).toBe(false));
});

describe('hello names', () => {
  it.each(['a', 'my_host', '_', 'localhost', '192.0.2.1', '[192.0.2.1]', dotted(255)])('%s is one', (text) =>
    expect(isHelloName(text)).toBe(true),
  );
  it.each(['', 'a b', 'a.', '[a]', '[192.0.2.1', 'ü', '<a>', dotted(256), 'a'.repeat(64)])(
    '%s is none',
    (text) => expect(isHelloName(text)).toBe(false),
  );
});

describe('any hello name', () => {
  it.each([
    ['my-host', 'my-host'],
    ['Brother MFC', 'Brother MFC'],
    ['M\xdcLLER', 'MÜLLER'],
    ['M\xc3\x9cLLER', 'MÜLLER'],
    ['a\x85b', 'a?b'],
    ['a\xa0b', 'a?b'],
    ['a\xe2\x80\x8bb', 'a?b'],
    ['', null],
    ['a\x00b', null],
    ['a\x1f', null],
    ['\x7f', null],
  ])('%j is read as %j', (text, name) => expect(anyHelloName(text)).toBe(name));
});

describe('mailboxes', () => {
  it('fall into local part and domain', () => {
    expect(parseMailbox('"a@b"@[192.0.2.1]')).toEqual({
      localPart: '"a@b"',
      domain: '[192.0.2.1]',
      address: '"a@b"@[192.0.2.1]',
    });
  });

  it.each([
    ['a', 'expected local-part@domain'],
    ['"a', 'the quoted local part is malformed'],
    ['"a\\', 'the quoted local part is malformed'],
    ['"a"b@x', 'expected local-part@domain'],
    ['"\\é"@x', 'the local part is malformed'],
    ['@x', 'the local part is malformed'],
    ['.a@x', 'the local part is malformed'],
    ['a.@x', 'the local part is malformed'],
    ['a..b@x', 'the local part is malformed'],
    ['a(b)@x', 'the local part is malformed'],
    ['a@', 'the domain is malformed'],
    ['a@x@y', 'the domain is malformed'],
    ['a@[x]', 'the domain is malformed'],
    ['"a"@x y', 'the domain is malformed'],
    ['a\u00adb@x', 'it has a character that cannot be seen'],
    ['a\u{e0001}b@x', 'it has a character that cannot be seen'],
    ['ö'.repeat(33) + '@x', 'the local part is longer than 64 octets'],
    ['a@' + dotted(256), 'the domain is longer than 255 octets'],
  ])('%s: %s', (address, reason) => {
    expect(parseMailbox(address)).toEqual(new Fault(reason));
  });

  it('count a path in octets', () => {
    expect(parsePath(`<ö@${'ö'.repeat(27)}.${dotted(196)}>`, 0)).toHaveProperty('mailbox');
    expect(parsePath(`<ö@${'ö'.repeat(27)}.${dotted(197)}>`, 0)).toEqual(new Fault('longer than 256 octets'));
  });

  it('stand where they are looked for', () => {
    expect(parsePath('xx<a@b>yy', 2)).toMatchObject({ mailbox: { address: 'a@b' }, end: 7 });
    expect(parsePath('xx<>', 2)).toEqual({ mailbox: null, end: 4 });
    expect(parsePath('xx', 2)).toEqual(new Fault('expected < before the address'));
    expect(parsePath('<"a>', 0)).toEqual(new Fault('expected > after the address'));
  });
});

describe('parameters', () => {
  const context = { offered: new Set(['SIZE', 'SMTPUTF8', 'AUTH']), smtputf8: false };

  it('are empty without text', () => {
    expect(parseParameters('MAIL', '', context)).toEqual({});
    expect(parseParameters('RCPT', '   ', context)).toEqual({});
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty=1', 'SIZE'])(
    '%s is none of RCPT',
    (word) => {
      const parsed = parseParameters('RCPT', word, context);
      expect(parsed).toBeInstanceOf(ParameterFault);
    },
  );

  it('of no extension on offer are refused, or have no effect, as the listener has it', () => {
    const unknown = 'DSN=1 SIZE=7 RET=FULL';
    expect(parseParameters('MAIL', unknown, context)).toEqual(new ParameterFault('DSN', null));
    expect(parseParameters('MAIL', unknown, { ...context, unknownParameters: 'accept' })).toEqual({
      size: 7,
    });
    expect(parseParameters('MAIL', 'SIZE=x', { ...context, unknownParameters: 'accept' })).toBeInstanceOf(
      ParameterFault,
    );
  });

  it('cannot reach the prototype', () => {
    parseParameters('MAIL', 'SIZE=1 SMTPUTF8 AUTH=__proto__@x', context);
    expect({}).not.toHaveProperty('size');
  });

  it('take a mailbox of UTF-8 in xtext, and none that is broken', () => {
    expect(parseParameters('MAIL', 'AUTH=j+C3+B6rg@x', context)).toEqual({ auth: 'jörg@x' });
    expect(parseParameters('MAIL', 'AUTH=j+F6rg@x', context)).toEqual(
      new ParameterFault('AUTH', 'expected a mailbox or <>'),
    );
    expect(parseParameters('MAIL', 'AUTH=j+f6', context)).toEqual(
      new ParameterFault('AUTH', 'expected xtext (RFC 3461 4) or <>'),
    );
  });
});

describe('base64', () => {
  it.each(['', 'A', 'AB', '\0\xff\x80', 'any carnal pleas', 'any carnal pleasure.'])(
    '%j comes back',
    (text) => {
      expect(encodeBase64(text)).toBe(Buffer.from(text, 'latin1').toString('base64'));
      expect(decodeBase64(encodeBase64(text))).toBe(text);
    },
  );
  // Left-over bits (QR==, QUJ=) would give one value many spellings.
  it.each([
    'Q',
    'QQ',
    'QQ=',
    'QQ===',
    '=',
    '====',
    'QR==',
    'QUJ=',
    'QQ==QQ==',
    'Q Q=',
    'QQ==\n',
    'Q-_=',
    'é===',
  ])('rejects %j', (text) => expect(decodeBase64(text)).toBeNull());
});

describe('xtext', () => {
  it('stands for octets', () => expect(decodeXtext('a+2Bb+3D+00+FF')).toBe('a+b=\0\xff'));
  it.each(['+', '+2', '+2b', 'a=b', 'a b', 'é', 'a+\n'])('rejects %j', (text) =>
    expect(decodeXtext(text)).toBeNull(),
  );
});

describe('UTF-8', () => {
  const binary = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
  it.each(['', 'a%41', 'jörg', '\u{10ffff}', '\u{1f4e7}', '\0\x7f\u0080'])('%j comes back', (text) => {
    expect(decodeUtf8(binary(text))).toBe(text);
    expect(utf8Length(text)).toBe(binary(text).length);
  });
  it.each(['\xff', '\x80', '\xc3', '\xc0\xaf', '\xe0\x80\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', 'a\xc3b'])(
    '%j is none',
    (text) => expect(decodeUtf8(text)).toBeNull(),
  );
});

describe('white space', () => {
  it('is SP in front, SP and HTAB behind', () => {
    expect(trimStart('  \ta ')).toBe('\ta ');
    expect(trimEnd(' a\r\t \t')).toBe(' a\r');
    expect([trimStart('  '), trimEnd(' \t')]).toEqual(['', '']);
    expect(trimEnd('a\xa0\x0b')).toBe('a\xa0\x0b');
  });
});
