/** Paths and domains at the borders of their grammar, and the same path by each of its parsers. */
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/base/fault.js';
import { isAddressLiteral, isHelloName } from '../../src/protocol/grammar/domain.js';
import {
  parseAnyPath,
  parseBarePath,
  parseCommonPath,
  parseLenientPath,
  parseMailbox,
} from '../../src/protocol/grammar/mailbox.js';

describe('a path of the common form', () => {
  const known = { localPart: 'a.b', domain: 'x-y.example', address: 'a.b@x-y.example' };

  it('is the same by both parsers, wherever it begins', () => {
    const text = '"<a.b@x-y.example> SIZE=1';
    expect(parseCommonPath(text, 1)).toEqual({ mailbox: known, end: 18 });
    expect(parseAnyPath(text, 1)).toEqual({ mailbox: known, end: 18 });
    expect(parseCommonPath('<"a b"@x.example>', 0)).toBeNull();
  });

  it('has a local part of 64 octets at most, and a domain no longer than a label', () => {
    const path = (local: number, domain: number): string => `<${'l'.repeat(local)}@${'d'.repeat(domain)}>`;
    expect(parseCommonPath(path(64, 63), 0)?.end).toBe(130);
    expect(parseCommonPath(path(65, 1), 0)).toBeNull();
    expect(parseCommonPath(path(1, 64), 0)).toBeNull();
  });
});

describe('a path without brackets', () => {
  it('ends before the next space, and has something before it', () => {
    expect(parseBarePath('a@x.example SIZE=1', 0)).toMatchObject({
      mailbox: { domain: 'x.example' },
      end: 11,
    });
    for (const text of ['', ' a@x.example'])
      expect(parseBarePath(text, 0)).toEqual(new Fault('expected <address>'));
  });
});

describe('a path of which only the brackets count', () => {
  it('has its domain after the last @, or none', () => {
    const partsOf = (text: string): unknown => {
      const path = parseLenientPath(text, 0);
      return path instanceof Fault ? path.reason : [path.mailbox?.localPart, path.mailbox?.domain, path.end];
    };
    expect(partsOf('<a@b@c> x')).toEqual(['a@b', 'c', 7]);
    expect(partsOf('<abc>')).toEqual(['abc', '', 5]);
    expect(partsOf('<@x>')).toEqual(['', 'x', 4]);
    for (const text of ['<a@x', 'a@x>', 'a@x', '>']) expect(partsOf(text)).toBe('expected <address>');
  });
});

it('a domain may have 255 octets, and a source route needs a colon', () => {
  const domain = `${`${'d'.repeat(63)}.`.repeat(3)}${'d'.repeat(63)}`;
  expect(domain).toHaveLength(255);
  expect(parseMailbox(`a@${domain}`)).toMatchObject({ domain });
  expect(parseMailbox(`a@${domain}d`)).toEqual(new Fault('the domain is longer than 255 octets'));
  expect(parseAnyPath('<@x.example>', 0)).toEqual(new Fault('the source route is malformed'));
});

it('an address literal has its tag at the beginning, and :: once', () => {
  expect(['[IPv6:::1]', '[ipv6:1:2:3:4:5:6:7:8]', '[192.0.2.1]'].map(isAddressLiteral)).toEqual([
    true,
    true,
    true,
  ]);
  for (const text of ['[AIPv6::1]', '[IPv6:1:2::3:4::5:6:7:8]', '[IPv6:]', '[]']) {
    expect([text, isAddressLiteral(text)]).toEqual([text, false]);
  }
});

it('a label of a hello name may have 63 octets', () => {
  expect(isHelloName(`${'a'.repeat(63)}.example`)).toBe(true);
  expect(isHelloName(`${'a'.repeat(64)}.example`)).toBe(false);
});
