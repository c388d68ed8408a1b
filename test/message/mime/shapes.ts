/** Messages of the shapes that mail programs make. Each is in the octets that go over the wire, as Latin-1. */

export const HEAD =
  'From: App <app@example.com>\r\nTo: You <you@example.net>\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n';

/** Returns a multipart with these parts, each with its header section. */
export function multipart(type: string, boundary: string, parts: readonly string[], more = ''): string {
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  return `Content-Type: multipart/${type}; boundary="${boundary}"${more}\r\n\r\n${body}--${boundary}--\r\n`;
}

const PDF = '%PDF-1.4\r\n\x00\x80\xff\r\n.\r\n%%EOF';
const base64 = (octets: string): string =>
  Buffer.from(octets, 'latin1').toString('base64').replace(/.{76}/g, '$&\r\n');

const TEXT = 'Content-Type: text/plain; charset=utf-8\r\n\r\nHello';
const HTML = 'Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>';
const PICTURE = `Content-Type: image/png; name="logo.png"\r\nContent-ID: <logo@x>\r\nContent-Disposition: inline; filename="logo.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64('\x89PNG\r\n')}`;
const FILE = `Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment; filename="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(PDF)}`;

export const SHAPES: Readonly<Record<string, string>> = {
  'plain text': `${HEAD}\r\nHello\r\n`,
  'plain text in quoted-printable': `${HEAD}Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe, a long line=\r\n that goes on   =\r\nhere=20\r\nand ends =3D\r\n`,
  'plain text in base64': `${HEAD}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64('Gr\xc3\xbc\xc3\x9fe\r\n'.repeat(20))}\r\n`,
  'an empty body': `${HEAD}\r\n`,
  'Gmail: alternative with a file': `${HEAD}${multipart('mixed', '000000000000a1', [multipart('alternative', '000000000000a2', [TEXT, HTML]).trimEnd(), FILE])}`,
  'Outlook: related in mixed, names in both fields': `${HEAD}${multipart('mixed', '_004_AM0PR', [multipart('related', '_005_AM0PR', [multipart('alternative', '_000_AM0PR', [TEXT, HTML]).trimEnd(), PICTURE], ';\r\n\ttype="multipart/alternative"').trimEnd(), FILE], '')}`,
  'Apple Mail: text, file, text': `${HEAD}${multipart('mixed', 'Apple-Mail=_1-2', ['Content-Type: text/plain;\r\n\tcharset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\nbefore\r\n\r\n', FILE, 'Content-Type: text/plain;\r\n\tcharset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\r\nafter'])}`,
  'Apple Mail: mixed in alternative': `${HEAD}${multipart('alternative', 'A=_1', [TEXT, multipart('mixed', 'A=_2', [HTML, FILE, HTML]).trimEnd()])}`,
  'a calendar invitation': `${HEAD}${multipart('alternative', 'cal', [TEXT, HTML, 'Content-Type: text/calendar; charset="UTF-8"; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n'])}`,
  'a delivery report': `${HEAD}${multipart('report', 'rep', [TEXT, 'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n', 'Content-Type: text/rfc822-headers\r\n\r\nSubject: was\r\n'], '; report-type=delivery-status')}`,
  'a digest': `${HEAD}${multipart('digest', 'dig', ['\r\nSubject: one\r\n\r\none', '\r\nSubject: two\r\n\r\ntwo'])}`,
  'a message in the message': `${HEAD}${multipart('mixed', 'out', [TEXT, `Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n${multipart('mixed', 'in', [TEXT, FILE])}`])}`,
  'files in 7bit, 8bit and quoted-printable': `${HEAD}${multipart('mixed', 'b', [
    TEXT,
    'Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\nA\r\nB\r\n',
    'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=b.bin\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\x80\xff\r\n\r\n\xfe',
    'Content-Type: text/x-log\r\nContent-Disposition: attachment; filename=c.log\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nA=0D=0AB\r\n=00=FF=\r\n',
  ])}`,
  'a second text with a file name': `${HEAD}${multipart('mixed', 'b', [TEXT, 'Content-Type: text/plain\r\nContent-Disposition: inline; filename=log.txt\r\n\r\nline\r\n', 'Content-Type: text/html; name="report.html"\r\n\r\n<h1>Report</h1>'])}`,
  'names by RFC 2231': `${HEAD}${multipart('mixed', 'b', [
    TEXT,
    'Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8\'\'Gr%C3%BC;\r\n filename*1*=%C3%9Fe%20;\r\n filename*2="2024.pdf"\r\n\r\nx',
    "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=iso-8859-1'de'%FC.pdf\r\n\r\nx",
    'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a\\"b;d=e.pdf"\r\n\r\nx',
  ])}`,
  'a preamble, an epilogue and padding': `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\nThis is a multi-part message.\r\n--b  \t\r\n\r\none\r\n--bc\r\n--b\r\n\r\ntwo\r\n--b--  \r\nepilogue\r\n--b\r\nnot a part\r\n`,
  'no end': `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo`,
  'an inner multipart that is not closed': `${HEAD}${multipart('mixed', 'out', ['Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\none\r\n--in\r\n\r\ntwo', TEXT])}`,
  'a boundary that begins another one': `${HEAD}${multipart('mixed', 'b', [multipart('mixed', 'bb', [TEXT, HTML]).trimEnd(), FILE])}`,
  'parts without headers and without bodies': `${HEAD}${multipart('mixed', 'b', ['\r\n', '\r\n\r\n\r\n', 'Content-Type: text/html\r\n'])}`,
};
