import { foldLines } from 'nodemailer/lib/mime-funcs';
import type { Mail } from './mail.js';
import { quotedPrintable, withCrlf } from './written.js';

/** A field of a header section. */
export type WrittenField = readonly [name: string, value: string];

/** What a message has in addition to its mail. */
export interface Given {
  /** With angle brackets. */
  readonly messageId: string;
  readonly date: string;
  /** Random text for the lines between two parts. */
  readonly boundary: string;
  /** The fields that carry what Postern itself reads. */
  readonly instructions: readonly WrittenField[];
}

/**
 * Returns the octets of a message of printable ASCII without attachments or fields of its own, and null for another mail.
 *
 * The octets are those that nodemailer's MailComposer makes of it; a test compares them. Most mail of apps is like this.
 * MailComposer takes a seventh of what the server does for a request of 1 KB (`bench/api.mjs`), most of it to look for what
 * must be encoded; this takes a sixth of that.
 */
export function plainMessage(mail: Mail, given: Given): Buffer | null {
  const { from, to, cc, replyTo, text, html, inReplyTo, references } = mail;
  if (inReplyTo !== null || references !== null) return null;
  if (mail.headers.length > 0 || mail.attachments.length > 0) return null;
  const body = text === null ? htmlPart(html) : textPart(text, html, given.boundary);
  if (body === null) return null;
  let header = `Message-ID: ${given.messageId}\r\nMIME-Version: 1.0\r\n`;
  for (const [name, value] of given.instructions) {
    if (!PLAIN_VALUE.test(value)) return null;
    header += field(name, value);
  }
  for (const [name, list] of [
    ['From', [from]],
    ['To', to],
    ['Cc', cc],
    ['Reply-To', replyTo],
  ] as const) {
    if (list.length === 0) continue;
    const value = addresses(list);
    if (value === null) return null;
    header += field(name, value);
  }
  const subject = mail.subject ?? '';
  if (!PLAIN_VALUE.test(subject)) return null;
  if (subject !== '') header += field('Subject', subject);
  return Buffer.from(`${header}Date: ${given.date}\r\n${body}`, 'latin1');
}

/** Printable ASCII without quotes, which are encoded, and without what looks like an encoded word (RFC 2047). */
const PLAIN_VALUE = /^(?!.*=\?)[ !#-~]*$/;
/** A dot-atom at a domain of labels, which is neither an IPv4 address nor encoded. */
const PLAIN_ADDRESS =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]+$/;
/** A display name that needs no quotes. */
const PLAIN_NAME = /^[\w ]*$/;

/** Nodemailer folds a line from 76 octets on. */
function field(name: string, value: string): string {
  const line = `${name}: ${value}`;
  return `${line.length < 76 ? line : foldLines(line)}\r\n`;
}

interface Named {
  readonly displayName?: string | undefined;
  readonly address: string;
}

/** Returns null if one of them is to be written otherwise than it came. */
function addresses(list: readonly Named[]): string | null {
  let written = '';
  for (const { displayName = '', address } of list) {
    if (!PLAIN_ADDRESS.test(address) || !PLAIN_NAME.test(displayName)) return null;
    if (written !== '') written += ', ';
    written += displayName === '' ? address : `${displayName} <${address}>`;
  }
  return written;
}

function textPart(text: string, html: string | null, boundary: string): string | null {
  const plain = encoded(text);
  if (plain === null) return null;
  if (html === null) return rootPart('plain', plain);
  const rich = encoded(html);
  if (rich === null) return null;
  const line = `--_NmP-${boundary}-Part_1`;
  return (
    `${field('Content-Type', `multipart/alternative; boundary="${line}"`)}\r\n` +
    `--${line}\r\n${childPart('plain', plain)}\r\n` +
    `--${line}\r\n${childPart('html', rich)}\r\n--${line}--\r\n`
  );
}

function htmlPart(html: string | null): string | null {
  const rich = encoded(html ?? '');
  return rich === null ? null : rootPart('html', rich);
}

/** Nodemailer puts Content-Type last in the header section of the message, and first in those of parts. */
function rootPart(type: string, [encoding, content]: Encoded): string {
  const end = content.endsWith('\n') ? '' : '\r\n';
  return `Content-Transfer-Encoding: ${encoding}\r\nContent-Type: text/${type}; charset=utf-8\r\n\r\n${content}${end}`;
}

function childPart(type: string, [encoding, content]: Encoded): string {
  return `Content-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}`;
}

type Encoded = readonly [encoding: '7bit' | 'quoted-printable', content: string];

/** Returns a text as it is written; null if it is not ASCII, or has nothing that people read. */
function encoded(text: string): Encoded | null {
  const isPlain = /^[\t\r\n -~]*$/.test(text) && /[A-Za-z]/.test(text);
  if (!isPlain) return null;
  const lines = text.includes('\r') || text.includes('\n') ? withCrlf(text) : text;
  return /^.{77,}/m.test(lines) ? ['quoted-printable', quotedPrintable(lines)] : ['7bit', lines];
}
