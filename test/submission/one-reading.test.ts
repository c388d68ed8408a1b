/**
 * Invariant: the sender that acceptance allowed is the one that another reader finds in the field that is sent on.
 *
 * The other readers are Python's: `parseaddr` on the field as it is, `policy.default`, and `parseaddr` on the field
 * with its encoded words decoded first, as careless programs do it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderSection } from '../../src/message/section.js';
import { HeaderRefusal, rewriteHeader } from '../../src/submission/rewrite.js';
import { TRACE } from '../message/trace.js';

/** Returns the address that was allowed and the octets that are sent on, or the reason of the refusal. */
function accept(from: string): { readonly address: string; readonly octets: Buffer } | string {
  try {
    const section = Buffer.from(`From:${from}\r\nDate: x\r\nMessage-ID: <1@example.com>\r\n`);
    const { from: address, octets } = rewriteHeader(section, { domain: 'a.example', trace: TRACE });
    return { address, octets };
  } catch (error) {
    if (error instanceof HeaderRefusal) return error.reason;
    throw error;
  }
}

const READERS = `
import sys, json, base64, email, email.policy
from email.utils import parseaddr
from email.header import decode_header, make_header
def modern(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return [address.addr_spec for address in message['from'].addresses]
def decoded(raw):
    return parseaddr(str(make_header(decode_header(email.message_from_bytes(raw)['from']))))[1]
def plain(raw):
    return parseaddr(email.message_from_bytes(raw)['from'])[1]
def tried(reader, raw):
    try: return reader(raw)
    except Exception as error: return 'failed: ' + str(error)
for raw in json.load(sys.stdin):
    raw = base64.b64decode(raw)
    print(json.dumps([tried(plain, raw), tried(modern, raw), tried(decoded, raw)]))
`;

type Readings = readonly [plain: string, modern: readonly string[] | string, decoded: string];

function readings(sections: readonly Buffer[]): Readings[] {
  const input = JSON.stringify(sections.map((octets) => octets.toString('base64')));
  const output = execFileSync('python3', ['-c', READERS], { input, encoding: 'utf8', maxBuffer: 1 << 27 });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readings);
}

const hasPython = spawnSync('python3', ['-c', 'import email.policy']).status === 0;

describe('a From field with more than one reading', () => {
  it.each([
    [' =?utf-8?q?=3Cceo=40bank.example=3E=2C <x@a.example>', 'an encoded word has no end'],
    [' =?utf-8?q?=3Cceo=40bank.example=3E=2C?= <x@a.example>', 'an encoded word holds @, <, >'],
    [' "=?utf-8?q?=3Cceo=40bank.example=3E=2C?=" <x@a.example>', 'an encoded word holds @, <, >'],
    [' =?utf-8?q?ceo=40bank.example?= <x@a.example>', 'an encoded word holds @, <, >'],
    [' "ceo@bank.example" =?utf-8?q?=2C?= <x@a.example>', 'the name holds an address, and punctuation'],
    [' =?utf-8?q?a=0D=0ABcc_b?= <x@a.example>', 'a control character'],
    [' =?utf-8?q?a?=@a.example', 'the address holds an encoded word'],
    [' =?no-such-set?q?ceo?= <x@a.example>', 'an encoded word has an unknown character set'],
    [' b =?utf-8?q?=2Cb (?=)\r\n <x@a.example>', 'an encoded word holds a quote or a parenthesis'],
  ])('is refused: %s', (from, reason) => {
    expect(accept(from)).toContain(reason);
  });

  it.each([
    [' "a\r\n <ceo@bank.example> " <x@a.example>', ' "a <ceo@bank.example> " <x@a.example>'],
    [' "ceo@bank.example\r\n " <x@a.example>', ' "ceo@bank.example " <x@a.example>'],
    [' (a\r\n <ceo@bank.example>, ) x@a.example', ' (a <ceo@bank.example>, ) x@a.example'],
    [' "a\\"\r\n\tb" <x@a.example>', ' "a\\"\tb" <x@a.example>'],
  ])('is written anew on one line: %j', (from, line) => {
    const accepted = accept(from);
    if (typeof accepted === 'string') throw new Error(accepted);
    expect(accepted.octets.toString()).toMatch(/^Received: [^]*\r\nFrom:[^]*\r\nDate: x\r\nMessage-ID: /);
    expect(accepted.octets.toString()).toContain(`\r\nFrom:${line}\r\nDate: x\r\n`);
    expect(accepted.address).toBe('x@a.example');
  });

  it.each([
    ' x@a.example',
    ' App <x@a.example>',
    ' "A very long name that a mail library folds"\r\n <x@a.example>',
    ' =?utf-8?q?J=C3=B6rg_M=C3=BCller=2C?=\r\n =?utf-8?q?_Shop?= <x@a.example>',
    ' "bob@example.net via Shop" <x@a.example>',
    ' "bob@example.net" =?utf-8?q?=C3=BCber?= Shop <x@a.example>',
    ' =?iso-8859-1?q?M=FCller?= <x@a.example> (work)',
  ])('is left as it is if it has one reading: %j', (from) => {
    const accepted = accept(from);
    if (typeof accepted === 'string') throw new Error(accepted);
    expect(accepted.octets.toString('latin1')).toContain(`\r\nFrom:${from}\r\nDate: x`);
  });

  it('is refused if one line is too short for it', () => {
    expect(accept(` "a\r\n ${'b'.repeat(999)}" <x@a.example>`)).toContain('too long for one line');
    expect(accept(` ${'a '.repeat(4096)}<x@a.example>`)).toContain('more than 8192 octets');
  });
});

const piece = fc.constantFrom(
  ...[' ', '\r\n ', '\r\n\t', '"', '"', '(', ')', '<', '>', ',', ';', ':', '\\', '@', '.', 'a', 'b c', 'ü'],
  ...[
    'ceo@bank.example',
    '<ceo@bank.example>',
    '<x@a.example>',
    'x@a.example',
    '"ceo@bank.example"',
    '[',
    ']',
  ],
  ...[
    '=?utf-8?q?',
    '?=',
    '=3C',
    '=3E',
    '=2C',
    '=40',
    'ceo=40bank.example',
    '=?utf-8?b?PGNlb0BiYW5rLmV4YW1wbGU+?=',
  ],
  ...[
    '=?utf-8?q?=2C?=',
    '=?utf-8?q?a_b?=',
    '=?utf-8?q?ceo=40bank.example?=',
    '=?',
    '=?x?q?',
    '=22',
    '=?utf-8?q?=22?=',
  ],
);
const content = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
/** Values that mostly follow the grammar, so that many are accepted. */
const phrase = fc.oneof(
  content.map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`),
  content.map((text) => `(${text.replace(/[\\()]/g, '\\$&')})`),
  content.map((text) => `=?utf-8?q?${text.replace(/[^a-z=0-9A-F]/g, '_')}?=`),
  content,
  fc.constantFrom('a', 'b.c', ''),
);
const gap = fc.constantFrom('', ' ', '\r\n ', '\t', ' \r\n\t', ' (c) ', '(\r\n d)');
const from = fc
  .tuple(
    fc.array(fc.tuple(phrase, gap), { maxLength: 4 }),
    fc.constantFrom('<x@a.example>', 'x@a.example'),
    gap,
    phrase,
  )
  .map(([words, address, space, end]) => ` ${words.flat().join('')}${address}${space}${end}`);

describe.skipIf(!hasPython)('the sender that Python reads', () => {
  it('is the one that was allowed', { timeout: 120_000 }, () => {
    const accepted = fc
      .sample(from, 20_000)
      .map((text) => accept(text))
      .filter((each) => typeof each !== 'string')
      // policy.default reads no address if its domain ends with a dot.
      .filter(({ address }) => !address.endsWith('.'))
      // The readers print octets beyond ASCII as surrogates.
      .filter(({ address }) => /^[ -~]+$/.test(address));
    expect(accepted.length).toBeGreaterThan(2_000);
    const found = readings(accepted.map(({ octets }) => octets));
    const wrong = accepted.flatMap(({ address, octets }, index) => {
      const [plain, modern, decoded] = found[index] ?? ['', [], ''];
      // If a field makes one of these readers throw, that reader has no other reading.
      const one = (reading: string): boolean => reading === address || reading.startsWith('failed:');
      const same = one(plain) && (typeof modern === 'string' ? one(modern) : modern.join() === address);
      // A program that decodes first may find no address; it must not find another one.
      const harmless = decoded === address || !/@bank\.example/.test(decoded);
      if (same && harmless) return [];
      const field = HeaderSection.parse(octets.subarray(0, -2)).first('From')?.foldedText();
      return [{ field, plain, modern, decoded }];
    });
    expect(wrong.length, JSON.stringify(wrong.slice(0, 12), null, 1)).toBe(0);
  });
});
