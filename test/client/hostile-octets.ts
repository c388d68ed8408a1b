/** The octets that a hostile server may send, for the tests of every phase. */
import { MAX_LINE, MAX_LINES } from '../../src/protocol/client/limits.js';

/** Octets that a server may not send after a reply. */
export const AFTER_A_REPLY: Readonly<Record<string, string>> = {
  'an octet': 'x',
  'a NUL': '\0',
  'a blank line': '\r\n',
  'a lone LF': '\n',
  'a lone CR': '\r',
  'the beginning of a reply': '250',
  'one line of a longer reply': '251-more\r\n',
  'a closing reply': '421 bye\r\n',
  'a line that is not a reply': 'hello\r\n',
  'a TLS record': '\x16\x03\x03\x00\x02\x02\x28',
};

/** Octets in place of a reply with this code. */
export const IN_PLACE: Readonly<Record<string, (code: string) => string>> = {
  'a blank line first': (code) => `\r\n${code} ok\r\n`,
  'a blank line inside': (code) => `${code}-a\r\n\r\n${code} ok\r\n`,
  'a lone LF at its end': (code) => `${code} ok\n`,
  'a lone LF inside': (code) => `${code}-a\n${code} ok\r\n`,
  'a lone CR inside': (code) => `${code} a\rb\r\n`,
  'a CR too many': (code) => `${code} ok\r\r\n`,
  'another success code in its last line': (code) => `${code}-a\r\n251 ok\r\n`,
  'a refusal in its last line': (code) => `${code}-a\r\n550 no\r\n`,
  'four digits': (code) => `${code}0 ok\r\n`,
  'two digits': (code) => `${code.slice(0, 2)} ok\r\n`,
  'no separator': (code) => `${code}ok\r\n`,
  'a space first': (code) => ` ${code} ok\r\n`,
  'digits that are not ASCII': (code) => `\xef\xbc\x92${code.slice(1)} ok\r\n`,
};

/** Replies with this code that are longer than any reply. */
export const LONG: Readonly<Record<string, (code: string) => string>> = {
  'a line that is too long': (code) => `${code} ${'x'.repeat(MAX_LINE)}\r\n`,
  'a line that is too long, after others': (code) => `${code}-a\r\n${code} ${'x'.repeat(MAX_LINE)}\r\n`,
  'too many lines': (code) => `${`${code}-x\r\n`.repeat(MAX_LINES)}${code} x\r\n`,
  'too many octets': (code) => `${`${code}-${'x'.repeat(6000)}\r\n`.repeat(20)}${code} x\r\n`,
};

/** Octets that a server sends again and again. */
export const WITHOUT_END: Readonly<Record<string, (code: string) => string>> = {
  'blank lines': () => '\r\n'.repeat(8192),
  'octets without a line end': () => 'x'.repeat(16_384),
  'lines of one reply': (code) => `${code}-x\r\n`.repeat(2000),
  NULs: () => '\0'.repeat(16_384),
};
