// Messages in shapes that are expensive to handle: for tests that count work, and for bench/fairness.mjs.
//
// A shape is a name, one line about it, how many recipients its envelope has, and a generator of its octets. The
// octets come in buffers of at most BLOCK octets, so that a message of 50 MB costs no memory here; lines end in
// CRLF, and a full stop at the beginning of a line is not doubled (see `stuffed`).

/** Octets of a buffer at most. */
export const BLOCK = 64 * 1024;

/** Octets of a header section at most in these messages: just below the 256 KiB that the gateway takes. */
export const HEADER_SECTION = 250 * 1024;

/**
 * @typedef {object} Shape
 * @property {string} name what it is called on a command line
 * @property {string} about what is repeated in it
 * @property {'header' | 'body' | 'envelope'} part what grows: a header shape larger than {@link HEADER_SECTION} has
 *   the rest in a body of ordinary lines
 * @property {number} recipients how many recipients the envelope should have
 * @property {(octets: number) => Iterable<Buffer>} message yields a whole message: at most so many octets, and at
 *   least nine tenths of them (of 4 KiB or more)
 */

const FROM = 'From: App <app@example.com>\r\n';
const TO = 'To: you@example.net\r\n';
const SUBJECT = 'Subject: shape\r\n';
const LINE = 'All work and no play makes a dull message, which is why this line is here.\r\n';
const BASE64 = 'QWxsIHdvcmsgYW5kIG5vIHBsYXkgbWFrZXMgYSBkdWxsIG1lc3NhZ2UsIHdoaWNoIGlzIHdo\r\n';

/**
 * Yields a unit again and again while it fits.
 *
 * @param {string | ((index: number) => string)} unit the text to repeat; characters are octets (latin1)
 * @param {number} octets how many at most
 * @returns {Iterable<Buffer>}
 */
function* repeated(unit, octets) {
  let left = octets;
  if (typeof unit === 'string') {
    const each = unit.length;
    const block = Buffer.from(unit.repeat(Math.max(1, Math.floor(BLOCK / each))), 'latin1');
    for (; left >= block.length; left -= block.length) yield block;
    const rest = Math.floor(left / each) * each;
    if (rest > 0) yield block.subarray(0, rest);
    return;
  }
  let text = '';
  for (let index = 0; ; index++) {
    const next = unit(index);
    if (next.length > left) break;
    left -= next.length;
    if (text.length + next.length > BLOCK) {
      yield Buffer.from(text, 'latin1');
      text = '';
    }
    text += next;
  }
  if (text !== '') yield Buffer.from(text, 'latin1');
}

/**
 * Yields what stands before, a unit as often as it fits, and what stands after.
 *
 * @param {number} octets
 * @param {string} before
 * @param {string | ((index: number) => string)} unit
 * @param {string} [after]
 * @returns {Iterable<Buffer>}
 */
function* framed(octets, before, unit, after = '') {
  yield Buffer.from(before, 'latin1');
  yield* repeated(unit, octets - before.length - after.length);
  if (after !== '') yield Buffer.from(after, 'latin1');
}

/**
 * @param {string} name
 * @param {string} about
 * @param {string} fields what the header section has beside From, To and Subject, each with its CRLF
 * @param {string | ((index: number) => string)} unit what the body repeats
 * @param {{ opening?: string, closing?: string }} [edges] the body's beginning and end
 * @returns {Shape}
 */
function body(name, about, fields, unit, { opening = '', closing = '' } = {}) {
  const before = `${FROM}${TO}${SUBJECT}${fields}\r\n${opening}`;
  return {
    name,
    about,
    part: 'body',
    recipients: 1,
    message: (octets) => framed(octets, before, unit, closing),
  };
}

/**
 * @param {string} name
 * @param {string} about
 * @param {string} opening the beginning of the field, or nothing if the unit is a whole field
 * @param {string | ((index: number) => string)} unit what the header section repeats
 * @param {string} [closing] the end of the field, with its CRLF
 * @returns {Shape}
 */
function header(name, about, opening, unit, closing = '') {
  /** @param {number} octets */
  function* message(octets) {
    const section = Math.min(octets, HEADER_SECTION);
    const text = octets - section;
    yield* framed(section - 2 - LINE.length, `${FROM}${opening}`, unit, closing);
    yield* framed(text + 2 + LINE.length, '\r\n', LINE);
  }
  return { name, about, part: 'header', recipients: 1, message };
}

/** @param {number} index */
const boundary = (index) => `b${index.toString(36)}`;
const MIXED = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n';

/** @type {readonly Shape[]} */
export const SHAPES = [
  body('text', 'ordinary lines: the shape of honest mail', '', LINE),
  body('blank-lines', 'lines without an octet', '', '\r\n'),
  body('short-lines', 'lines of one octet', '', 'a\r\n'),
  body('one-line', 'one line without an end', '', 'a'.repeat(256), { closing: '\r\n' }),
  body('long-lines', 'lines of 998 octets, the most that RFC 5322 allows', '', `${'a'.repeat(998)}\r\n`),
  body('full-stops', 'lines of a full stop, each doubled on the wire', '', '.\r\n'),
  body('tiny-parts', 'parts of one octet', MIXED, '--b\r\n\r\na\r\n', { closing: '--b--\r\n' }),
  body('empty-parts', 'delimiters and nothing between them', MIXED, '--b\r\n'),
  body('near-delimiters', 'lines that begin as a delimiter does and are none', MIXED, '--bx\r\n', {
    opening: '--b\r\n\r\n',
    closing: '--b--\r\n',
  }),
  body('tiny-files', 'attachments of one octet with a name', MIXED, tinyFile, { closing: '--b--\r\n' }),
  body('part-fields', 'a part with a field on each line', MIXED, 'X: a\r\n', {
    opening: '--b\r\n',
    closing: '\r\na\r\n--b--\r\n',
  }),
  body('nested-multiparts', 'multiparts in multiparts, never closed', nestedType(0), nestedMultipart, {
    opening: `--${boundary(0)}\r\n`,
  }),
  body('nested-messages', 'messages in messages', 'Content-Type: message/rfc822\r\n', nestedMessage),
  body('parallel-messages', 'messages of two lines in one multipart', MIXED, attachedMessage, {
    closing: '--b--\r\n',
  }),
  body('preamble', 'text before the first delimiter', MIXED, LINE, { closing: '--b\r\n\r\na\r\n--b--\r\n' }),
  body(
    'format-flowed',
    'soft line breaks (RFC 3676)',
    'Content-Type: text/plain; format=flowed\r\n',
    'a \r\n',
  ),
  body(
    'flowed-quotes',
    'soft line breaks, quoted, with DelSp (RFC 3676)',
    'Content-Type: text/plain; format=flowed; delsp=yes\r\n',
    '>>> a \r\n',
  ),
  body('base64', 'base64 in ordinary lines: the shape of an attachment', encoded('base64'), BASE64),
  body('base64-short-lines', 'base64 in lines of four characters', encoded('base64'), 'QUFB\r\n'),
  body('base64-scattered', 'one character of base64 on each line', encoded('base64'), 'Q\r\n'),
  body('base64-one-line', 'base64 in one line', encoded('base64'), 'QUFB'.repeat(64), { closing: '\r\n' }),
  body('quoted-printable', 'every octet as =XX', encoded('quoted-printable'), `${'=C3=BC'.repeat(12)}=\r\n`),
  body('quoted-soft-breaks', 'soft line breaks and nothing else', encoded('quoted-printable'), '=\r\n'),
  body('html-tags', 'tags that are never closed', 'Content-Type: text/html\r\n', '<a><b>&lt;\r\n'),
  body(
    'iso-2022-jp',
    'text that shifts at each character',
    'Content-Type: text/plain; charset=iso-2022-jp\r\n',
    '\x1b$B$"\x1b(Ba\r\n',
  ),
  body(
    'unknown-charset',
    'text in a charset that does not exist',
    'Content-Type: text/plain; charset=x-unknown\r\nContent-Transfer-Encoding: 8bit\r\n',
    `${'\xfc\x80'.repeat(30)}\r\n`,
  ),
  header('header-fields', 'fields of a few octets: 26,000 and more', '', 'X-A: b\r\n'),
  header('header-names', 'fields, each with a name of its own', '', (index) => `X${index.toString(36)}:\r\n`),
  header('folded-field', 'one field of folds', 'X-Folded: a\r\n', ' a\r\n'),
  header('folded-subject', 'a Subject of folds', 'Subject: a\r\n', ' a\r\n'),
  header('long-field', 'one field in one line', 'X-Long: ', 'a'.repeat(512), '\r\n'),
  header('bcc-fields', 'Bcc without a value: 43,500', '', 'Bcc:\r\n'),
  header('to-fields', 'To without a value: 52,000', '', 'To:\r\n'),
  header('tag-fields', 'tags, one to a field', '', (index) => `X-OMS-Tags: ${index.toString(36)}\r\n`),
  header('received-fields', 'trace fields, below the number that counts as a loop', received(99), ' a\r\n'),
  header('groups', 'groups in groups in To', 'To: ', 'a:', '\r\n'),
  header('empty-groups', 'groups without members in To', 'To: ', 'a:;,', 'b:;\r\n'),
  header('addresses', 'recipients in To', 'To: a@b.example', ', a@b.example', '\r\n'),
  header('angle-brackets', 'angle brackets in To', 'To: ', '<', '\r\n'),
  header('comments', 'comments in comments in To', 'To: ', '(', '\r\n'),
  header('quoted-pairs', 'quoted pairs in To', 'To: "', '\\"', '" <a@b.example>\r\n'),
  header('message-ids', 'identifiers in References', 'References:', '\r\n <a@b.example>', '\r\n'),
  header(
    'parameters',
    'parameters of Content-Type',
    'Content-Type: text/plain',
    (index) => `;\r\n a${index}=b`,
    '\r\n',
  ),
  header(
    'parameter-pieces',
    'one parameter of Content-Type in pieces (RFC 2231 3)',
    "Content-Type: text/plain; name*0*=utf-8''a",
    (index) => `;\r\n name*${index + 1}*=%C3%BC`,
    '\r\n',
  ),
  header('encoded-words', 'encoded words in Subject', 'Subject:', '\r\n =?utf-8?Q?=C3=BC?=', '\r\n'),
  header('encoded-open', 'encoded words that never end', 'Subject:', '\r\n =?utf-8?Q?a', '\r\n'),
  header('encoded-marks', 'what may begin an encoded word', 'Subject: ', '=?', '\r\n'),
  header(
    'encoded-iso-2022-jp',
    'encoded words of iso-2022-jp',
    'Subject:',
    '\r\n =?iso-2022-jp?B?GyRCJCIbKEI=?=',
    '\r\n',
  ),
  header(
    'encoded-unknown',
    'encoded words of charsets that do not exist, each with a name of its own',
    'Subject:',
    (index) => `\r\n =?x-${index}?Q?=FC?=`,
    '\r\n',
  ),
  {
    ...body('recipients', 'a hundred recipients in the envelope', '', LINE),
    part: 'envelope',
    recipients: 100,
  },
];

/** @param {number} index */
function tinyFile(index) {
  return `--b\r\nContent-Disposition: attachment; filename=f${index}.txt\r\n\r\na\r\n`;
}

/** @param {number} index */
function nestedType(index) {
  return `Content-Type: multipart/mixed; boundary=${boundary(index)}\r\n`;
}

/** @param {number} index */
function nestedMultipart(index) {
  return `${nestedType(index + 1)}\r\n--${boundary(index + 1)}\r\n`;
}

function nestedMessage() {
  return 'Content-Type: message/rfc822\r\n\r\n';
}

function attachedMessage() {
  return '--b\r\nContent-Type: message/rfc822\r\n\r\nTo: a\r\n\r\na\r\n';
}

/** @param {string} encoding */
function encoded(encoding) {
  const type = encoding === 'base64' ? 'application/octet-stream; name=a.bin' : 'text/plain; charset=utf-8';
  return `MIME-Version: 1.0\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n`;
}

/** @param {number} count */
function received(count) {
  return 'Received: by b\r\n'.repeat(count);
}

/**
 * Finds a shape by its name.
 *
 * @param {string} name
 * @returns {Shape}
 * @throws {Error} if there is none; the message lists those that there are
 */
export function shapeOf(name) {
  const shape = SHAPES.find((one) => one.name === name);
  if (shape === undefined) {
    throw new Error(
      `no shape ${JSON.stringify(name)}; there are ${SHAPES.map((one) => one.name).join(', ')}`,
    );
  }
  return shape;
}

/**
 * Builds a message in memory: for small ones.
 *
 * @param {Shape} shape
 * @param {number} octets
 * @returns {Buffer}
 */
export function wholeOf(shape, octets) {
  return Buffer.concat([...shape.message(octets)]);
}

/**
 * Yields content as DATA sends it: full stops at the beginning of a line doubled (RFC 5321 4.5.2), and the line
 * that ends it.
 *
 * @param {Iterable<Buffer>} content ends in CRLF
 * @returns {Iterable<Buffer>}
 */
export function* stuffed(content) {
  let atStart = true;
  /** @type {Buffer | null} */
  let last = null;
  /** @type {Buffer} */
  let lastStuffed = Buffer.alloc(0);
  for (const block of content) {
    // Most shapes repeat one block, which is worked on once.
    if (block !== last || !atStart) {
      last = block;
      const text = block.toString('latin1');
      const inside = text.replaceAll('\n.', '\n..');
      const whole = atStart && text.startsWith('.') ? `.${inside}` : inside;
      lastStuffed = whole.length === block.length ? block : Buffer.from(whole, 'latin1');
    }
    yield lastStuffed;
    atStart = block.at(-1) === 10;
  }
  yield Buffer.from('.\r\n');
}
