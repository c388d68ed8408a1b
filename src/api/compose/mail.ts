import { Fault } from '../../base/fault.js';
import { replaced } from '../../base/joined-text.js';
import { type Mailbox, parseMailboxList } from '../../message/mailbox.js';
import { parseUriList } from '../../message/list-unsubscribe.js';
import { normalizeDomain } from '../../message/domain.js';
import { MAX_TAG_LENGTH, MAX_TAGS } from '../../message/tags.js';
import { forwardPath } from '../../submission/forward-path.js';
import { ApiError, fieldError } from '../errors.js';
import { DEFAULT_API } from '../limits.js';
import type { Contents } from './contents.js';

/** A message as a client of any of the mail APIs described it, checked. */
export interface Mail {
  readonly from: Mailbox;
  readonly to: readonly Recipient[];
  readonly cc: readonly Recipient[];
  readonly bcc: readonly Recipient[];
  readonly replyTo: readonly Mailbox[];
  readonly subject: string | null;
  readonly html: string | null;
  readonly text: string | null;
  readonly inReplyTo: string | null;
  readonly references: string | null;
  /** As List-Unsubscribe has it, with angle brackets. */
  readonly listUnsubscribe: string | null;
  readonly tags: readonly string[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly attachments: readonly Attachment[];
}

/** One of those that a message goes to. */
export interface Recipient {
  /** Undefined if the client gave the address alone. */
  readonly displayName: string | undefined;
  readonly address: string;
  /** The address as RCPT would have it. */
  readonly forwardPath: string;
}

export interface Attachment {
  readonly name: string;
  readonly content: Buffer;
  readonly contentType: string | null;
  /** Content-ID without brackets; an attachment that has one is shown within the HTML. */
  readonly cid: string | null;
}

/** The options by which a body is read. */
export interface ReadOptions {
  /** Name of the domain that sends. */
  readonly domain: string;
  /** File name extensions that attachments may have; empty: all. */
  readonly extensions: readonly string[];
  /** Contents of attachments that are decoded already. Default: none. */
  readonly contents?: Contents;
}

type Written = string | readonly string[] | null | undefined;

/** The fields that every API has, as the client wrote them. */
export interface WrittenFields {
  readonly from: string;
  readonly to: Written;
  readonly cc: Written;
  readonly bcc: Written;
  readonly replyTo: Written;
  readonly subject: string | null | undefined;
  readonly html: string | null | undefined;
  readonly text: string | null | undefined;
}

/** The names that errors have for these fields. */
export type WrittenNames = Readonly<
  Record<'to' | 'cc' | 'bcc' | 'replyTo' | 'subject' | 'html' | 'text', string>
>;

/** The parts of a message beside these, as each API reads them. */
type FurtherFields = Omit<Mail, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'subject' | 'html' | 'text'>;

/**
 * Reads the fields that every API has.
 *
 * @param further called after these have been read
 * @throws ApiError if one of them is wrong, there is no recipient in to, or there is neither a text nor HTML
 */
export function readMail(
  written: WrittenFields,
  names: WrittenNames,
  domain: string,
  further: () => FurtherFields,
): Mail {
  const from = readFrom(written.from, domain);
  const to = readRecipients(names.to, written.to);
  if (to.length === 0) throw fieldError(names.to, 'undefined field');
  const [html, text] = [orNull(written.html), orNull(written.text)];
  if (html === null && text === null) {
    const problem = ['undefined field'];
    throw new ApiError('invalid', { fields: { [names.html]: problem, [names.text]: problem } });
  }
  const cc = readRecipients(names.cc, written.cc);
  const bcc = readRecipients(names.bcc, written.bcc);
  const replyTo = readAddresses(names.replyTo, written.replyTo);
  // Each of its characters is looked at several times, by parsers that are slow.
  if ((written.subject?.length ?? 0) > DEFAULT_API.subjectLength)
    throw fieldError(names.subject, 'is too long');
  const subject = orNull(clean(written.subject));
  const { inReplyTo, references, listUnsubscribe, tags, headers, attachments } = further();
  // Each property by its name: spreading took longer than reading all of them.
  return {
    from,
    to,
    cc,
    bcc,
    replyTo,
    subject,
    html,
    text,
    inReplyTo,
    references,
    listUnsubscribe,
    tags,
    headers,
    attachments,
  };
}

/** Reads the one sender, which must be of the domain of the token. */
function readFrom(text: string, domain: string): Mailbox {
  const list = parseMailboxList(clean(text));
  const [from, ...others] = list instanceof Fault ? [] : list;
  if (from === undefined || others.length > 0) throw new ApiError('from_not_parseable');
  if (normalizeDomain(from.domain) !== domain) throw new ApiError('wrong_domain');
  return from;
}

/** Reads addresses, separated by commas or one by one. */
export function readRecipients(field: string, written: Written): Recipient[] {
  return readAddresses(field, written).map(({ displayName, address }) => {
    const path = forwardPath(address);
    if (path === null) throw fieldError(field, 'is invalid');
    return { displayName, address, forwardPath: path.address };
  });
}

function readAddresses(field: string, written: Written): readonly Mailbox[] {
  const text = clean(typeof written === 'string' ? written : (written ?? []).join(','));
  if (text === '') return [];
  // Counted before it is taken apart: a list may be long.
  if (text.split('@').length - 1 > 4 * DEFAULT_API.recipientsPerField) throw tooMany(field);
  const list = parseMailboxList(text);
  if (list instanceof Fault) throw fieldError(field, 'is invalid');
  if (list.length > DEFAULT_API.recipientsPerField) throw tooMany(field);
  return list;
}

function tooMany(field: string): ApiError {
  return fieldError(field, 'number of email addresses exceeds maximum volume');
}

/** Reads a list of URIs with or without angle brackets. */
export function readListUnsubscribe(field: string, written: string | null | undefined): string | null {
  const text = clean(written);
  if (text === '') return null;
  const bracketed = text.includes('<')
    ? text
    : text
        .split(',')
        .map((uri) => `<${uri.trim()}>`)
        .join(', ');
  if (parseUriList(bracketed) instanceof Fault) throw fieldError(field, 'is invalid');
  return bracketed;
}

/** Reads tags. One client sends a list as its text: `['a', 'b']`. */
export function readTags(field: string, written: Written): readonly string[] {
  const listed = typeof written === 'string' ? (quotedList(written) ?? written.split(',')) : (written ?? []);
  const tags = [...new Set(listed.flatMap((tag) => tag.split(',')).map(clean))].filter((tag) => tag !== '');
  if (tags.length > MAX_TAGS) throw fieldError(field, `has more than ${MAX_TAGS} tags`);
  if (tags.some((tag) => Array.from(tag).length > MAX_TAG_LENGTH)) {
    throw fieldError(field, `has a tag of more than ${MAX_TAG_LENGTH} characters`);
  }
  return tags;
}

function quotedList(text: string): string[] | null {
  const [, inner] = /^\s*\[(.*)\]\s*$/s.exec(text) ?? [];
  return inner === undefined
    ? null
    : inner.split(',').map((tag) => tag.trim().replace(/^(['"])(.*)\1$/s, '$2'));
}

/** An attachment, before it is checked. */
interface WrittenAttachment {
  readonly name: string;
  readonly content: string;
  readonly contentType?: string | null | undefined;
  readonly cid?: string | null | undefined;
}

export function readAttachments(
  fields: { readonly list: string; readonly name: string; readonly content: string },
  written: readonly WrittenAttachment[] | null | undefined,
  { extensions, contents }: Pick<ReadOptions, 'extensions' | 'contents'>,
): Attachment[] {
  const list = written ?? [];
  if (list.length > DEFAULT_API.attachments) {
    throw fieldError(fields.list, `has more than ${DEFAULT_API.attachments} attachments`);
  }
  return list.map(({ name, content, contentType, cid }) => {
    const file = clean(name).replace(/^.*[\\/]/s, '');
    if (file === '') throw fieldError(fields.name, 'is invalid');
    checkExtension(fields.name, file, extensions);
    return {
      name: file,
      content: contents?.take(content) ?? decodeBase64(fields.content, content),
      contentType: readContentType(contentType),
      cid: readCid(cid),
    };
  });
}

function checkExtension(field: string, name: string, extensions: readonly string[]): void {
  if (extensions.length === 0) return;
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (name.includes('.') && extensions.includes(extension)) return;
  throw fieldError(field, `Extension file type blocked, allowed are ${extensions.join(', ')}`);
}

/** Base64 as RFC 4648 4 has it, with or without padding, with any white space in it. */
function decodeBase64(field: string, written: string): Buffer {
  if (/[^A-Za-z0-9+/=\s]/.test(written)) throw fieldError(field, 'is not base64');
  const bare = replaced(written, /\s+/g, () => '').replace(/={1,2}$/, '');
  if (bare.length % 4 === 1 || bare.includes('=')) throw fieldError(field, 'is not base64');
  return Buffer.from(bare, 'base64');
}

/** A type that is not one is left to the name of the file. */
function readContentType(written: string | null | undefined): string | null {
  const text = clean(written);
  return /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}(?:\s*;.{0,500})?$/.test(text) ? text : null;
}

/** Bare, as `<...>`, or as `cid:...`. */
function readCid(written: string | null | undefined): string | null {
  const cid = clean(written)
    .replace(/^cid:/i, '')
    .replace(/^<(.*)>$/s, '$1');
  return /^[!-;=?-~]{1,200}$/.test(cid) ? cid : null;
}

/** Text on one line, without controls; empty for null. */
export function clean(text: string | null | undefined): string {
  return (text ?? '').replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

export function orNull(text: string | null | undefined): string | null {
  return text === undefined || text === null || text === '' ? null : text;
}
