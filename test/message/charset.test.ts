import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeCharset, decodeUnlabelled } from '../../src/message/charset.js';

const hasPython = spawnSync('python3', ['-c', 'import email']).status === 0;

/** Encodings with one octet per character, with all their labels (WHATWG Encoding Standard 4.2). */
const SINGLE_BYTE: Readonly<Record<string, string>> = {
  ibm866: '866 cp866 csibm866 ibm866',
  'iso-8859-2': 'csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2',
  'iso-8859-3': 'csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3',
  'iso-8859-4': 'csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4',
  'iso-8859-5':
    'csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988',
  'iso-8859-6':
    'arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987',
  'iso-8859-7':
    'csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek',
  'iso-8859-8':
    'csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical',
  'iso-8859-10': 'csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6',
  'iso-8859-13': 'iso-8859-13 iso8859-13 iso885913',
  'iso-8859-14': 'iso-8859-14 iso8859-14 iso885914',
  'iso-8859-15': 'csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9',
  'iso-8859-16': 'iso-8859-16',
  'koi8-r': 'cskoi8r koi koi8 koi8-r koi8_r',
  'koi8-u': 'koi8-ru koi8-u',
  macintosh: 'csmacintosh mac macintosh x-mac-roman',
  'windows-874': 'dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874',
  'windows-1250': 'cp1250 windows-1250 x-cp1250',
  'windows-1251': 'cp1251 windows-1251 x-cp1251',
  'windows-1252':
    'ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252',
  'windows-1253': 'cp1253 windows-1253 x-cp1253',
  'windows-1254':
    'cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254',
  'windows-1255': 'cp1255 windows-1255 x-cp1255',
  'windows-1256': 'cp1256 windows-1256 x-cp1256',
  'windows-1257': 'cp1257 windows-1257 x-cp1257',
  'windows-1258': 'cp1258 windows-1258 x-cp1258',
  'x-mac-cyrillic': 'x-mac-cyrillic x-mac-ukrainian',
};

/** Labels of multi-byte encodings by their Python names, each with a text in it. */
const MULTI_BYTE: Readonly<Record<string, { readonly labels: string; readonly text: string }>> = {
  utf_8: {
    labels: 'unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8',
    text: 'ü€\u{1f600}',
  },
  gbk: {
    labels: 'chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk',
    text: '中文漢字',
  },
  gb18030: { labels: 'gb18030', text: '中文ü' },
  big5: { labels: 'big5 big5-hkscs cn-big5 csbig5 x-x-big5', text: '中文漢字' },
  euc_jp: { labels: 'cseucpkdfmtjapanese euc-jp x-euc-jp', text: '日本語テキスト' },
  iso2022_jp: { labels: 'csiso2022jp iso-2022-jp', text: '日本語 text' },
  shift_jis: {
    labels: 'csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis',
    text: '日本語テキスト',
  },
  euc_kr: {
    labels:
      'cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949',
    text: '한국어',
  },
  utf_16_be: { labels: 'unicodefffe utf-16be', text: 'ü€' },
  utf_16_le: { labels: 'csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le', text: 'ü€' },
};

/** Returns the character of the standard, if Python has no character there or another one. */
function asTheWeb(name: string, octet: number, python: string | null): string {
  if (name === 'windows-1255' && octet === 0xca) return '\u05ba';
  if (name === 'koi8-u' && octet === 0xae) return '\u045e';
  if (name === 'koi8-u' && octet === 0xbe) return '\u040e';
  if (python !== null) return python;
  // The code pages of Windows have a C1 control for every octet without another meaning; no other encoding does.
  return name.startsWith('windows-') && octet < 0xa0 ? String.fromCharCode(octet) : '\uFFFD';
}

describe.skipIf(!hasPython)(
  'decodeCharset decodes as Python does, except where the web differs (skips without python3)',
  () => {
    const names = Object.keys(SINGLE_BYTE);
    const script = fileURLToPath(new URL('charsets.py', import.meta.url));
    const python = hasPython
      ? (JSON.parse(execFileSync('python3', [script, ...names], { encoding: 'utf8' })) as Record<
          string,
          (string | null)[]
        >)
      : {};

    it.each(names)('%s: every label, every octet', (name) => {
      const expected = python[name]?.map((text, octet) => asTheWeb(name, octet, text));
      expect(expected).toHaveLength(256);
      for (const label of SINGLE_BYTE[name]?.split(' ') ?? []) {
        for (const written of [label, label.toUpperCase()]) {
          const decoded = Array.from({ length: 256 }, (_, octet) =>
            decodeCharset(written, Uint8Array.of(octet)),
          );
          expect([written, decoded]).toEqual([written, expected]);
        }
      }
    });

    it.each(Object.entries(MULTI_BYTE))('%s: every label', (name, { labels, text }) => {
      const encode = `import sys; sys.stdout.buffer.write(${JSON.stringify(text)}.encode("utf-16", "surrogatepass").decode("utf-16").encode(sys.argv[1]))`;
      const octets = execFileSync('python3', ['-c', encode, name]);
      for (const label of labels.split(' '))
        expect([label, decodeCharset(label, octets)]).toEqual([label, text]);
    });
  },
);

describe('decodeCharset', () => {
  it('knows x-user-defined, and no encoding that the standard replaces or does not know', () => {
    expect(decodeCharset('x-user-defined', Uint8Array.of(0x41, 0x80, 0xff))).toBe('A\uf780\uf7ff');
    for (const label of [
      'iso-2022-kr',
      'iso-2022-cn',
      'hz-gb-2312',
      'replacement',
      'base64',
      'hex',
      'none',
      '',
    ]) {
      expect([label, decodeCharset(label, Buffer.from('abc'))]).toEqual([label, null]);
    }
  });

  it('knows the character sets that mail uses and the standard lacks', () => {
    expect(decodeCharset('UTF-7', Buffer.from('+APw-'))).toBe('ü');
    expect(decodeCharset('cp850', Uint8Array.of(0x81))).toBe('ü');
    expect(decodeCharset('ibm437', Uint8Array.of(0x81))).toBe('ü');
  });

  it('caches a bounded number of labels, whatever a sender writes', () => {
    for (let at = 0; at < 2000; at++) expect(decodeCharset(`x-${at}`, Uint8Array.of(0x80))).toBeNull();
    expect(decodeCharset('utf-8', Buffer.from('ü'))).toBe('ü');
  });
});

it('decodes text without a label as UTF-8 if it is valid UTF-8, else as windows-1252', () => {
  expect(decodeUnlabelled(Buffer.from('ü'))).toBe('ü');
  expect(decodeUnlabelled(Uint8Array.of(0xfc, 0x80))).toBe('ü€');
});
