import { Fault } from '../base/fault.js';
import { isAscii } from 'node:buffer';
import { formatDate } from '../message/date.js';
import { normalizeDomain } from '../message/domain.js';
import { decodeForDisplay } from '../message/encoded-word.js';
import { listUnsubscribeField, listUnsubscribeValue, parseUriList } from '../message/list-unsubscribe.js';
import {
  isFoldedInside,
  type Mailbox,
  newMessageId,
  otherReading,
  parseMailboxList,
  parseMessageId,
} from '../message/mailbox.js';
import { LINE_OCTETS } from '../message/needs.js';
import { receivedField, type Trace } from '../message/received.js';
import { type Field, HeaderSection, MalformedHeaderError } from '../message/section.js';
import { parseTags } from '../message/tags.js';
import { DEFAULT_SUBMISSION } from './limits.js';

/** The fields that carry tags, in any case. */
export const DEFAULT_TAG_FIELDS: readonly string[] = ['X-OMS-Tags', 'X-MailPace-Tags'];

/** The facts that the policy needs in addition to the header section. */
export interface RewriteOptions {
  /** The principal's domain. The address in From must have this domain. */
  readonly domain: string;
  /** Returns true if From may have this other domain, given in normal form. Default: no other domain. */
  readonly mayBeAuthor?: (domain: string) => boolean;
  /** Names of the fields that carry tags. Default: {@link DEFAULT_TAG_FIELDS}. */
  readonly tagFields?: readonly string[];
  /** Name of the field that becomes List-Unsubscribe. Default: `X-List-Unsubscribe`. */
  readonly listUnsubscribeField?: string;
  /** The transaction, for the Received field. Its time is also the time of a Date field that is added. */
  readonly trace: Trace;
}

/** A header section as it is stored and sent on, and the values that were read from it. */
export interface Rewritten {
  /** The new section with the blank line that ends it: the body's first octet follows. */
  readonly octets: Buffer;
  /** The address in the From field. */
  readonly from: string;
  /** Decoded, on one line; null if the message has no Subject. */
  readonly subject: string | null;
  /** The tags in order, without repeats. */
  readonly tags: readonly string[];
  /** The value of List-Unsubscribe as it is sent on; null if there is no such field. */
  readonly listUnsubscribe: string | null;
  /** The id with its angle brackets; null if the message came with one that does not parse. */
  readonly messageId: string | null;
}

/**
 * `from`: the address in From is not allowed (550 5.7.1). `loop`: the message is in a loop (554 5.4.6). The others:
 * the content is wrong (550 5.6.0).
 */
type HeaderRefusalKind = 'from' | 'loop' | 'tags' | 'list-unsubscribe' | 'malformed';

/** Thrown if a header section is refused. */
export class HeaderRefusal extends Error {
  override readonly name = 'HeaderRefusal';
  constructor(
    readonly kind: HeaderRefusalKind,
    /** The reason, for the client: one line of printable ASCII, without octets of the message. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * Applies the policy for submitted mail to a header section, given without its blank line.
 *
 * Removes the tag fields, Bcc and Resent-Bcc, X-List-Unsubscribe, and also Return-Path and Delivered-To, which only
 * the host that makes the final delivery writes (RFC 5321 4.4). Adds Received on top. Adds at the end List-Unsubscribe
 * if X-List-Unsubscribe asked for it, and Date and Message-ID if they are missing. Every other field keeps its octets,
 * order and folding, even if the section has a field twice that may stand only once.
 *
 * @throws {@link HeaderRefusal} and nothing else, whatever the octets
 */
export function rewriteHeader(section: Uint8Array, options: RewriteOptions): Rewritten {
  const header = parseSection(section);
  refuseLoop(header);
  const from = sender(header, options);
  unfoldFrom(header);
  const subject = header.first('Subject');
  const tags = takeTags(header, options.tagFields ?? DEFAULT_TAG_FIELDS);
  const listUnsubscribe = replaceListUnsubscribe(
    header,
    options.listUnsubscribeField ?? 'X-List-Unsubscribe',
  );
  header.remove('Bcc', 'Resent-Bcc', 'Return-Path', 'Delivered-To');
  if (header.count('Date') === 0) header.append(`Date: ${formatDate(options.trace.time)}\r\n`);
  const messageId = ensureMessageId(header, options.domain);
  header.prepend(receivedField(options.trace, isInternational(header, options.trace)));
  return {
    octets: header.toOctetsWithBlankLine(),
    from: from.address,
    subject: subject === undefined ? null : shownText(subject),
    tags,
    listUnsubscribe,
    messageId,
  };
}

/** Returns true if the fields that stay have octets beyond ASCII (RFC 6532), and the message may have them. */
function isInternational(header: HeaderSection, { utf8 }: Trace): boolean {
  return utf8 && !isAscii(header.toOctets());
}

function parseSection(section: Uint8Array): HeaderSection {
  try {
    return HeaderSection.parse(section);
  } catch (error) {
    if (!(error instanceof MalformedHeaderError)) throw error;
    throw new HeaderRefusal('malformed', error.message, { cause: error });
  }
}

/** Refuses a message with so many Received fields: it is in a loop (RFC 5321 6.3). */
function refuseLoop(header: HeaderSection): void {
  const { receivedFields } = DEFAULT_SUBMISSION;
  if (header.count('Received') <= receivedFields) return;
  throw new HeaderRefusal('loop', `Message loop: more than ${receivedFields} Received fields`);
}

/**
 * Returns the one mailbox of the one From field. Its domain is exactly the principal's, or another one that it may
 * use.
 *
 * RFC 5322 3.6.2 allows several mailboxes, with a Sender field to say which of them sent. They are refused, even if
 * they all have one domain: programs differ in which of them they show, filters differ in which of them they check,
 * and apps do not send such mail.
 */
function sender(header: HeaderSection, { domain, mayBeAuthor }: RewriteOptions): Mailbox {
  const expected = normalizeDomain(domain) ?? domain;
  const refuse = (problem: string): HeaderRefusal =>
    new HeaderRefusal('from', `From must be one address at ${expected}: ${problem}`);
  const fields = header.count('From');
  const field = header.first('From');
  if (field === undefined) throw refuse('there is no From field');
  if (fields > 1) throw refuse(`there are ${fields} From fields`);
  if (field.octets.length > DEFAULT_SUBMISSION.fromSize) {
    throw refuse(`the field has more than ${DEFAULT_SUBMISSION.fromSize} octets`);
  }
  const text = field.strictText();
  if (text === null) throw refuse('the field is not UTF-8');
  const list = parseMailboxList(text);
  if (list instanceof Fault) throw refuse(list.reason);
  const [mailbox, ...others] = list;
  if (mailbox === undefined || others.length > 0) throw refuse(`the field holds ${list.length}`);
  const other = otherReading(text, mailbox.localPart);
  if (other !== null) throw refuse(other);
  const found = normalizeDomain(mailbox.domain);
  if (found === expected || (found !== null && mayBeAuthor?.(found) === true)) return mailbox;
  throw refuse(`the address is of ${shown(found)}`);
}

/**
 * Writes the From field anew on one line if it is folded inside a quoted string or a comment, because some readers
 * take the text after the fold for an address. Unfolding does not change the meaning (RFC 5322 2.2.3).
 *
 * @throws {@link HeaderRefusal} if the field is too long for one line
 */
function unfoldFrom(header: HeaderSection): void {
  const field = header.first('From');
  if (field === undefined || !field.isFolded || !isFoldedInside(field.foldedText())) return;
  const line = `${field.name}:${field.text()}`;
  if (Buffer.byteLength(line) > LINE_OCTETS) {
    throw new HeaderRefusal('from', 'From is folded inside quotes or a comment, and too long for one line');
  }
  header.replaceFirst('From', `${line}\r\n`);
}

/** Returns a domain as text for the client, short and printable. */
function shown(domain: string | null): string {
  if (domain === null || !/^[!-~]+$/.test(domain)) return 'another domain';
  return domain.length > 100 ? `${domain.slice(0, 100)}...` : domain;
}

/**
 * Removes the fields that the app wrote for this server, and returns them.
 *
 * @throws {@link HeaderRefusal} if they are too long to be read
 */
function instructions(header: HeaderSection, kind: HeaderRefusalKind, names: readonly string[]): Field[] {
  const { instructionSize } = DEFAULT_SUBMISSION;
  const octets = header.octetsOf(...names);
  if (octets === 0) return [];
  if (octets > instructionSize) {
    const which = names.length === 1 ? (names[0] ?? '') : `${names.join(' and ')} together`;
    throw new HeaderRefusal(kind, `${which.slice(0, 200)}: more than ${instructionSize} octets`);
  }
  return header.take(...names);
}

/** Returns the text of a field for people to read, decoded. A very long text is cut, between words if it has any. */
function shownText(field: Field): string {
  const { shownSize } = DEFAULT_SUBMISSION;
  const text = field.text();
  if (text.length <= shownSize) return decodeForDisplay(text);
  const cut = text.slice(0, shownSize);
  // If an encoded word were cut in two, it would be shown as it is written.
  const gap = cut.lastIndexOf(' ');
  return `${decodeForDisplay(gap > shownSize / 2 ? cut.slice(0, gap) : cut)}...`;
}

function takeTags(header: HeaderSection, names: readonly string[]): readonly string[] {
  const fields = instructions(header, 'tags', names);
  if (fields.length === 0) return [];
  const tags = parseTags(fields);
  if (tags instanceof Fault) throw new HeaderRefusal('tags', tags.reason);
  return tags;
}

/**
 * Replaces List-Unsubscribe if the app sent X-List-Unsubscribe. That field is an instruction to this server, so it
 * replaces a List-Unsubscribe that the app's framework added as well: a message may not have two (RFC 2369 2). Several
 * X-List-Unsubscribe fields are one list. If the app sent List-Unsubscribe alone, the field keeps its octets.
 */
function replaceListUnsubscribe(header: HeaderSection, name: string): string | null {
  const given = instructions(header, 'list-unsubscribe', [name]);
  if (given.length === 0) {
    const plain = header.first('List-Unsubscribe');
    return plain === undefined ? null : shownText(plain);
  }
  const uris = unsubscribeUris(given, name);
  header.take('List-Unsubscribe');
  header.append(listUnsubscribeField(uris));
  return listUnsubscribeValue(uris);
}

function unsubscribeUris(fields: readonly Field[], name: string): readonly string[] {
  const uris = new Set<string>();
  for (const field of fields) {
    const list = parseUriList(field.text());
    if (list instanceof Fault) {
      const problem = `${name} must be <uri>, or several with commas between: ${list.reason}`;
      throw new HeaderRefusal('list-unsubscribe', problem);
    }
    for (const uri of list) uris.add(uri);
  }
  return [...uris];
}

/**
 * Adds a Message-ID if it is missing. A message keeps the one that it has, good or bad: a second one would make
 * it worse.
 */
function ensureMessageId(header: HeaderSection, domain: string): string | null {
  const field = header.first('Message-ID');
  if (field !== undefined) return parseMessageId(field.text());
  const messageId = newMessageId(normalizeDomain(domain) ?? domain);
  header.append(`Message-ID: ${messageId}\r\n`);
  return messageId;
}
