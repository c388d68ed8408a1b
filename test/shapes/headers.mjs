// Header sections in shapes that are expensive to handle: for tests that count work, and for bench/fairness.mjs.
//
// A section has no blank line at its end. All but the ones that say so have one From field that the gateway takes for
// a token of example.com, so that the section gets through acceptance and on to DKIM.

const FROM = 'From: App <app@example.com>\r\n';
const FOLD = '\r\n ';

/**
 * @typedef {object} HeaderShape
 * @property {string} name what it is called on a command line
 * @property {(octets: number) => string} section makes a section of at most so many octets, and of nine tenths of them
 *   at least (of 4 KiB or more); characters are octets (latin1)
 */

/**
 * Repeats a unit between two ends, as often as it fits.
 *
 * @param {string} before
 * @param {string | ((index: number) => string)} unit
 * @param {string} [after]
 * @returns {(octets: number) => string}
 */
function filled(before, unit, after = '') {
  return (octets) => {
    const room = octets - before.length - after.length;
    if (typeof unit === 'string') {
      return before + unit.repeat(Math.max(0, Math.floor(room / unit.length))) + after;
    }
    let text = '';
    for (let index = 0; ; index++) {
      const next = unit(index);
      if (text.length + next.length > room) return before + text + after;
      text += next;
    }
  };
}

/**
 * Repeats a whole field.
 *
 * @param {string} name
 * @param {string | ((index: number) => string)} field
 * @returns {HeaderShape}
 */
function fields(name, field) {
  return { name, section: filled(FROM, field) };
}

/**
 * Repeats something inside one field.
 *
 * @param {string} name
 * @param {string} before the field up to what is repeated
 * @param {string | ((index: number) => string)} unit
 * @param {string} [after] what ends the field, without its CRLF
 * @returns {HeaderShape}
 */
function within(name, before, unit, after = '') {
  return { name, section: filled(FROM + before, unit, `${after}\r\n`) };
}

/**
 * Repeats something inside the From field, which may be refused for it.
 *
 * @param {string} name
 * @param {string} before
 * @param {string | ((index: number) => string)} unit
 * @param {string} [after]
 * @returns {HeaderShape}
 */
function inFrom(name, before, unit, after = '') {
  return { name, section: filled(`From: ${before}`, unit, `${after}\r\n`) };
}

/** @type {readonly HeaderShape[]} */
export const HEADER_SHAPES = [
  fields('fields of one letter', 'a:\r\n'),
  fields('fields of many names', (index) => `x-${index}: a\r\n`),
  fields('Bcc', 'Bcc:\r\n'),
  fields('Bcc and others', 'Bcc:\r\nBcd:\r\n'),
  fields('Resent-Bcc and Bcc', 'Resent-Bcc:\r\nBcc:\r\n'),
  fields('Return-Path', 'Return-Path:\r\n'),
  fields('Delivered-To', 'Delivered-To:\r\n'),
  fields('To', 'To:\r\n'),
  fields('To with addresses', 'To: a@b.example\r\n'),
  fields('Subject', 'Subject:\r\n'),
  fields('every signed field', (index) => `${SIGNED[index % SIGNED.length]}: a\r\n`),
  fields('Received', 'Received: by a\r\n'),
  fields('Message-ID', 'Message-ID: <a@b>\r\n'),
  fields('Content-Type', 'Content-Type: text/plain\r\n'),
  fields('TLS-Required', 'TLS-Required: No\r\n'),
  fields('tags', 'X-OMS-Tags: a\r\n'),
  fields('tags in encoded words', 'X-OMS-Tags: =?utf-8?q?a?=\r\n'),
  fields('X-List-Unsubscribe', 'X-List-Unsubscribe: <https://a.example/>\r\n'),
  fields('X-List-Unsubscribe, different', (index) => `X-List-Unsubscribe: <https://a/${index}>\r\n`),
  fields('List-Unsubscribe', 'List-Unsubscribe: <https://a.example/>\r\n'),
  within('folds in To', 'To: ', `${FOLD}a`),
  within('white space in To', 'To: ', ' \t'),
  within('folds of nothing but white space', 'To: a', `${FOLD} `, `${FOLD}b`),
  within('groups in To', 'To: ', 'a:;'),
  within('open groups in To', 'To: ', 'a:'),
  within('addresses in To', 'To: ', 'a@b.example,', 'c@d.example'),
  within('nested comments in To', 'To: ', '(', 'a@b.example'),
  within('quotes in To', 'To: ', '"', 'a@b.example'),
  within('backslashes in To', 'To: "', '\\', 'a'),
  within('white space after the name', 'To', ' ', ': a@b.example'),
  within('a Message-ID that never ends', 'Message-ID: <', 'a'),
  within('at signs in Message-ID', 'Message-ID: <', '@', '>'),
  within('a long Subject', 'Subject: ', 'a'),
  within('8 bits in Subject', 'Subject: ', '\xc3\xbc'),
  within('no UTF-8 in Subject', 'Subject: ', '\xff'),
  within('encoded words', 'Subject: ', '=?utf-8?q?=C3=BC?= '),
  within('encoded words in base64', 'Subject: ', '=?utf-8?b?w7w=?= '),
  within('encoded words of unknown charsets', 'Subject: ', '=?x-unknown?q?=C3=BC?= '),
  within(
    'encoded words of many charsets',
    'Subject: ',
    (index) => `=?${CHARSETS[index % CHARSETS.length]}?q?=41?= `,
  ),
  within('iso-2022-jp', 'Subject: ', '=?iso-2022-jp?b?GyRCJCIbKEI=?= '),
  within('encoded words that never end', 'Subject: ', '=?utf-8?q?'),
  within('question marks', 'Subject: ', '=?'),
  within('one tag after another', 'X-OMS-Tags: ', 'a,'),
  within('different tags', 'X-OMS-Tags: ', (index) => `${index},`),
  within('a long tag', 'X-OMS-Tags: ', 'a'),
  within('encoded words in tags', 'X-OMS-Tags: ', '=?utf-8?q?=2C?= '),
  within('iso-2022-jp in tags', 'X-OMS-Tags: ', '=?iso-2022-jp?b?GyRCJCIbKEI=?= '),
  within('URIs', 'X-List-Unsubscribe: ', '<https://a/>,', '<https://b/>'),
  within('different URIs', 'X-List-Unsubscribe: ', (index) => `<https://a/${index}>,`, '<https://b/>'),
  within('less-than signs in URIs', 'X-List-Unsubscribe: ', '<'),
  within('comments in URIs', 'X-List-Unsubscribe: ', '()', '<https://b/>'),
  within('encoded words in URIs', 'X-List-Unsubscribe: ', '=?utf-8?q?=3Chttps://a/=3E?= '),
  within('a plain List-Unsubscribe', 'List-Unsubscribe: ', '=?utf-8?q?=3Chttps://a/=3E?= '),
  within('one long line', 'X-A: ', 'a'),
  inFrom('folds in From', '', FOLD, 'app@example.com'),
  inFrom('comments in From', '', '()', 'app@example.com'),
  inFrom('nested comments in From', '', '('),
  inFrom('closed nested comments in From', '(', '((', 'a app@example.com'),
  inFrom('words in From', '', 'a ', '<app@example.com>'),
  inFrom('quoted words in From', '', '"a" ', '<app@example.com>'),
  inFrom('a long quoted word in From', '"', '\\a', '" <app@example.com>'),
  inFrom('encoded words in From', '', '=?utf-8?q?a?= ', '<app@example.com>'),
  inFrom('dots in From', 'a', '.', '<app@example.com>'),
  inFrom('addresses in From', '', 'app@example.com,', 'app@example.com'),
  inFrom('a long local part', '', 'a', '@example.com'),
  inFrom('a long domain', 'app@', 'a.', 'example.com'),
  inFrom('groups in From', '', 'a:', 'app@example.com;'),
  { name: 'From fields', section: filled('', FROM) },
  { name: 'no field at all', section: filled('', 'a') },
];

const SIGNED = [
  ...[
    'Reply-To',
    'Subject',
    'To',
    'Cc',
    'Sender',
    'Date',
    'Message-ID',
    'MIME-Version',
    'Content-Type',
    'References',
  ],
  ...[
    'Resent-To',
    'Resent-From',
    'List-Id',
    'List-Unsubscribe',
    'List-Unsubscribe-Post',
    'In-Reply-To',
    'Content-ID',
  ],
];

const CHARSETS = [
  ...[
    'utf-8',
    'utf-7',
    'utf-16',
    'iso-8859-1',
    'windows-1252',
    'koi8-r',
    'big5',
    'gb18030',
    'euc-kr',
    'shift_jis',
  ],
  ...['iso-2022-jp', 'iso-2022-kr', 'x-mac-roman', 'ibm850', 'unknown-8bit', 'x-nothing'],
];
