/** A server may repeat what the client sent. The redactor takes the secrets out of it, and leaves the rest as it was. */
import { describe, expect, it } from 'vitest';
import { redactorOf } from '../../src/client/auth.js';
import { Redactor } from '../../src/client/redactor.js';
import { Secret } from '../../src/base/secret.js';

function cleanerWith(add: (redactor: Redactor) => void): (text: string) => string {
  const redactor = new Redactor();
  add(redactor);
  return (text) => redactor.clean(text);
}

it('without secrets, changes nothing', () => {
  for (const text of ['', 'undefined', 'İ am here']) expect(new Redactor().clean(text)).toBe(text);
});

describe('a secret in base64', () => {
  const clean = (text: string): string =>
    cleanerWith((redactor) => redactor.addEncoded('abcdefghij=='))(text);

  it.each([
    ['x abcdefghij== y', 'x [secret] y'],
    ['abcdefghij and ABCDEFGHIJ!', '[secret] and [secret]!'],
    ['of the beginning abcdefgh', 'of the beginning [secret]'],
    ['cdefghij of the end', '[secret] of the end'],
    ['xxabcdefghxx', 'xx[secret]xx'],
    ['seven abcdefg', 'seven abcdefg'],
    ['defghij=', 'defghij='],
    ['', ''],
  ])('is taken out of %j', (text, cleaned) => {
    expect(clean(text)).toBe(cleaned);
  });

  it('is found among characters that are longer in small letters', () => {
    expect(clean('İ abcdefghij ü')).toBe('? [secret] ?');
    expect(clean('ü abcdefghij')).toBe('ü [secret]');
  });

  it('of eight characters is found in any case', () => {
    expect(cleanerWith((redactor) => redactor.addEncoded('abcdefgh'))('ABCDEFGH')).toBe('[secret]');
  });

  it('that is shorter is found as it was sent, unless it is one character', () => {
    const short = cleanerWith((redactor) => redactor.addEncoded('cHc='));
    expect(short('a cHc= b cHc=, chc=')).toBe('a [secret] b [secret], chc=');
    expect(cleanerWith((redactor) => redactor.addEncoded('YQ=='))('YQ==')).toBe('[secret]');
    expect(cleanerWith((redactor) => redactor.addEncoded('a'))('a')).toBe('a');
    expect(cleanerWith((redactor) => redactor.addEncoded(''))('a')).toBe('a');
  });
});

describe('a secret in plain text', () => {
  it('is taken out wherever it is, in any case', () => {
    expect(cleanerWith((redactor) => redactor.addSecret('a.b'))('xA.Bx axb')).toBe('x[secret]x axb');
    const special = '.*+?^${}()|[]\\/';
    expect(cleanerWith((redactor) => redactor.addSecret(special))(`<${special}>`)).toBe('<[secret]>');
  });

  it('that is empty is in no text', () => {
    expect(cleanerWith((redactor) => redactor.addSecret(''))('ab')).toBe('ab');
  });
});

describe('a name', () => {
  it('is taken out if it stands alone', () => {
    const clean = cleanerWith((redactor) => redactor.addName('b.b'));
    expect(clean('B.B: b.by üb.b 1b.b b.b2 bxb b.b')).toBe('[secret]: b.by üb.b 1b.b b.b2 bxb [secret]');
  });

  it('of one or two characters stays', () => {
    expect(cleanerWith((redactor) => redactor.addName('me'))('me')).toBe('me');
  });
});

it('takes out credentials in each form in which a mechanism sends them', () => {
  const credentials = { user: 'alice', password: new Secret('correct horse') };
  const redactor = redactorOf(credentials, { host: 'mx.example', port: 587 });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const sent = [
    'correct horse',
    'alice',
    base64('\0alice\0correct horse'),
    base64('alice'),
    base64('correct horse'),
    base64('user=alice\x01auth=Bearer correct horse\x01\x01'),
    base64('n,a=alice,\x01host=mx.example\x01port=587\x01auth=Bearer correct horse\x01\x01'),
  ];
  for (const text of sent) expect(redactor.clean(`no: ${text}`)).toBe('no: [secret]');
});
