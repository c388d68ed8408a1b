import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXTENSIONS, PARAMETERS } from '../../src/protocol/extensions/index.js';
import { ParameterFault, parseParameters } from '../../src/protocol/commands/parameters.js';

const context = { offered: new Set(['DSN']), smtputf8: false };
const mail = (text: string) => parseParameters('MAIL', text, context);
const rcpt = (text: string, smtputf8 = false) => parseParameters('RCPT', text, { ...context, smtputf8 });
const orcpt = (value: string, smtputf8 = false) => rcpt(`ORCPT=${value}`, smtputf8);
const fault = (parameter: string) => expect.objectContaining({ parameter }) as ParameterFault;

/** xtext as RFC 3461 4 has it, written apart from the decoder: every octet may be coded, some must be. */
function xtext(text: string, code: (at: number) => boolean = () => false): string {
  return Array.from(text, (character, at) =>
    /[+=]|[^!-~]/.test(character) || code(at)
      ? `+${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
      : character,
  ).join('');
}

/** utf-8-addr-xtext as RFC 6533 3 has it. */
function utf8Xtext(text: string): string {
  return Array.from(text, (character) =>
    /[+=\\]|[^!-~]/.test(character)
      ? `\\x{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}}`
      : character,
  ).join('');
}

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((n) => String.fromCharCode(n)),
});

describe('the table of parameters', () => {
  it('has extensions only that EHLO can announce', () => {
    const keywords = EXTENSIONS.map(({ keyword }) => keyword);
    for (const { extension } of Object.values(PARAMETERS)) expect(keywords).toContain(extension);
  });

  it('knows no parameter of an extension that is not on offer', () => {
    for (const [keyword, { command }] of Object.entries(PARAMETERS)) {
      const none = { offered: new Set<string>(), smtputf8: false };
      const parse = command === 'MAIL' ? mailWith : rcptWith;
      expect(parse(keyword, none)).toEqual(new ParameterFault(keyword, null));
    }
  });
  const mailWith = (text: string, given: typeof context) => parseParameters('MAIL', text, given);
  const rcptWith = (text: string, given: typeof context) => parseParameters('RCPT', text, given);
});

describe('RET', () => {
  it('is FULL or HDRS, in any case', () => {
    expect(mail('RET=FULL')).toEqual({ ret: 'FULL' });
    expect(mail('ret=hdrs')).toEqual({ ret: 'HDRS' });
    for (const text of ['RET', 'RET=', 'RET=NONE', 'RET=FULL,HDRS']) expect(mail(text)).toEqual(fault('RET'));
  });

  it('belongs to MAIL', () => {
    expect(rcpt('RET=FULL')).toEqual(new ParameterFault('RET', null));
    expect(rcpt('ENVID=a')).toEqual(new ParameterFault('ENVID', null));
    expect(mail('NOTIFY=NEVER')).toEqual(new ParameterFault('NOTIFY', null));
    expect(mail('ORCPT=rfc822;a@x.example')).toEqual(new ParameterFault('ORCPT', null));
  });
});

describe('ENVID', () => {
  // Invariant: whatever printable text a client means, and whatever it codes beyond need, comes out.
  it('gives back what was coded', () => {
    fc.assert(
      fc.property(
        printable.filter((text) => text.length > 0 && text.length <= 33),
        fc.array(fc.boolean()),
        (text, coded) => {
          expect(mail(`ENVID=${xtext(text, (at) => coded[at] === true)}`)).toEqual({ envid: text });
        },
      ),
    );
  });

  it('has 100 octets at most, as it is sent', () => {
    expect(mail(`ENVID=${'a'.repeat(100)}`)).toEqual({ envid: 'a'.repeat(100) });
    expect(mail(`ENVID=${'a'.repeat(101)}`)).toEqual(fault('ENVID'));
    expect(mail(`ENVID=a${'+41'.repeat(33)}`)).toEqual({ envid: `a${'A'.repeat(33)}` });
    expect(mail(`ENVID=aa${'+41'.repeat(33)}`)).toEqual(fault('ENVID'));
  });

  it('is printable US-ASCII in xtext', () => {
    const bad = ['', 'a+', 'a+4', 'a+4g', 'a+4a', '+0D', '+0A', '+00', '+09', '+7F', '+85', '+C3+A9', 'é'];
    for (const value of bad) expect(mail(`ENVID=${value}`)).toEqual(fault('ENVID'));
    expect(mail('ENVID')).toEqual(fault('ENVID'));
  });
});

describe('NOTIFY', () => {
  it('is a list, each word once, in any order and case', () => {
    expect(rcpt('NOTIFY=SUCCESS')).toEqual({ notify: ['SUCCESS'] });
    expect(rcpt('notify=delay,Failure,DELAY')).toEqual({ notify: ['FAILURE', 'DELAY'] });
    expect(rcpt('NOTIFY=DELAY,FAILURE,SUCCESS')).toEqual({ notify: ['SUCCESS', 'FAILURE', 'DELAY'] });
  });

  it('is NEVER alone, which is an empty list', () => {
    expect(rcpt('NOTIFY=never')).toEqual({ notify: [] });
    for (const value of ['NEVER,SUCCESS', 'SUCCESS,NEVER', 'NEVER,NEVER']) {
      expect(rcpt(`NOTIFY=${value}`)).toEqual(new ParameterFault('NOTIFY', 'NEVER stands alone'));
    }
  });

  it('has no other words and no gaps', () => {
    for (const value of ['', ',', 'SUCCESS,', ',SUCCESS', 'SUCCESS,,DELAY', 'ALWAYS', 'SUCCESS;DELAY']) {
      expect(rcpt(`NOTIFY=${value}`)).toEqual(fault('NOTIFY'));
    }
    expect(rcpt('NOTIFY')).toEqual(fault('NOTIFY'));
  });
});

describe('ORCPT', () => {
  // Invariant: whatever printable address a client means comes out, and its type in lower case.
  it('gives back what was coded', () => {
    const type = fc.constantFrom('rfc822', 'RFC822', 'x400', 'x-local');
    fc.assert(
      fc.property(
        type,
        printable.filter((text) => text.length > 0 && text.length < 150),
        (type, address) => {
          const expected = { orcpt: { type: type.toLowerCase(), address } };
          expect(orcpt(`${type};${xtext(address)}`)).toEqual(expected);
        },
      ),
    );
  });

  it('has a type and an address', () => {
    for (const value of ['', 'a@x.example', ';a@x.example', 'rfc822;', 'rfc 822;a', 'a@b;c', 'rfc822']) {
      expect(orcpt(value)).toBeInstanceOf(ParameterFault);
    }
    expect(rcpt('ORCPT')).toEqual(fault('ORCPT'));
    // Only the first ";" parts them.
    expect(orcpt('x400;/c=;'.replace('=', '+3D'))).toEqual({ orcpt: { type: 'x400', address: '/c=;' } });
  });

  it('has 500 octets at most, as it is sent', () => {
    const address = 'a'.repeat(500 - 'rfc822;'.length);
    expect(orcpt(`rfc822;${address}`)).toEqual({ orcpt: { type: 'rfc822', address } });
    expect(orcpt(`rfc822;${address}a`)).toEqual(fault('ORCPT'));
  });

  it('may be beyond ASCII, in UTF-8 or else in ISO 8859-1', () => {
    for (const [coded, address] of [
      ['rfc822;j+C3+B6rg@b+C3+BCcher.example', 'jörg@bücher.example'],
      ['rfc822;j+F6rg@x.example', 'jörg@x.example'],
    ]) {
      expect(orcpt(coded ?? '')).toEqual({ orcpt: { type: 'rfc822', address } });
    }
  });

  it('stands for nothing that cannot be printed', () => {
    for (const coded of ['+0D+0A', '+00', '+7F', '+85', '+C2+85', '+E2+80+8B', '+2', 'é']) {
      expect(orcpt(`rfc822;a${coded}@x.example`, true)).toEqual(fault('ORCPT'));
    }
  });
});

describe('ORCPT of type utf-8 (RFC 6533)', () => {
  const letter = fc.constantFrom('a', 'Z', '9', '-', '+', '=', 'é', 'ß', '例', '\u{1f600}', '\u{10400}');
  const address = fc
    .array(letter, { minLength: 1, maxLength: 12 })
    .map((letters) => `${letters.join('')}@例え.example`);

  // Invariant: any mailbox comes out of its 7-bit form as it went in, with SMTPUTF8 and without.
  it('gives back what was coded in ASCII', () => {
    fc.assert(
      fc.property(address, fc.boolean(), (address, smtputf8) => {
        expect(orcpt(`utf-8;${utf8Xtext(address)}`, smtputf8)).toEqual({ orcpt: { type: 'utf-8', address } });
      }),
    );
    const quoted = '"a b\\\\c"@x.example';
    expect(orcpt(`UTF-8;${utf8Xtext(quoted)}`)).toEqual({ orcpt: { type: 'utf-8', address: quoted } });
  });

  it('comes as it is with SMTPUTF8 only', () => {
    const expected = { orcpt: { type: 'utf-8', address: 'é+ü@x.example' } };
    expect(orcpt('utf-8;é\\x{2B}\\x{fc}@x.example', true)).toEqual(expected);
    expect(orcpt('utf-8;é@x.example', false)).toEqual(fault('ORCPT'));
  });

  it('is coded as the RFC says, and no other way', () => {
    const bad = [
      ...['a+b', 'a\\b', 'a\\x{}b', 'a\\x{41}b', 'a\\x{0E9}b', 'a\\x{E9b', 'a\\x{110000}b', 'a\\x{D800}b'],
      ...[
        'a\\x{0D}\\x{0A}b',
        'a\\x{00}b',
        'a\\x{7F}b',
        'a\\x{85}b',
        'a\\x{200B}b',
        'a\\x{202E}b',
        'a\\x{20}b',
      ],
    ];
    for (const local of bad) expect(orcpt(`utf-8;${local}@x.example`, true)).toEqual(fault('ORCPT'));
    expect(orcpt('utf-8;nobody', true)).toEqual(fault('ORCPT'));
  });
});
