import { isAscii } from 'node:buffer';
import { formatDate } from '../message/date.js';
import { normalizeDomain } from '../message/domain.js';
import { decodeForDisplay } from '../message/encoded-word.js';
import type { Field } from '../message/field.js';
import { listUnsubscribeField, listUnsubscribeValue, parseUriList } from '../message/list-unsubscribe.js';
import { type Mailbox, parseMailboxList } from '../message/mailbox.js';
import { LINE_OCTETS } from '../message/needs.js';
import { isFoldedInside, otherReading } from '../message/one-reading.js';
import { newMessageId, parseMessageId } from '../message/message-id.js';
import { receivedField, type Trace } from '../message/received.js';
import { HeaderSection, MalformedHeaderError } from '../message/section.js';
import { parseTags } from '../message/tags.js';
import { DEFAULT_SUBMISSION } from './limits.js';

/** The fields that carry tags, in any case. */
export const DEFAULT_TAG_FIELDS: readonly string[] = ['X-OMS-Tags', 'X-MailPace-Tags'];

/** What the policy needs to know beside the header section. */
export interface RewriteOptions {
  /** The principal's domain: the one that From must be of. */
  readonly domain: string;
  /** Whether From may be of another domain, given in normal form. Default: of none. */
  readonly mayBeAuthor?: (domain: string) => boolean;
  /** Names of the fields that carry tags. {@link DEFAULT_TAG_FIELDS} unless given. */
  readonly tagFields?: readonly string[];
  /** Name of the field that becomes List-Unsubscribe. `X-List-Unsubscribe` unless given. */
  readonly listUnsubscribeField?: string;
  /** The transaction, for the Received field; its time is also that of a Date field put on. */
  readonly trace: Trace;
}

/** A header section as it is stored and sent on, and what was read in it. */
export interface Rewritten {
  /** The new section with the blank line that ends it: the body's first octet follows. */
  readonly octets: Buffer;
  /** The address in the From field. */
  readonly from: string;
  /** Decoded, on one line; null where the message has no Subject. */
  readonly subject: string | null;
  /** In order, no repeats. */
  readonly tags: readonly string[];
  /** The value of List-Unsubscribe as it is sent on; null where there is none. */
  readonly listUnsubscribe: string | null;
  /** With its angle brackets; null where the message came with one that does not parse. */
  readonly messageId: string | null;
}

/**
 * `from`: the sender is not who it may be (550 5.7.1). `loop`: the message goes in circles (554 5.4.6). The rest: the
 * content is wrong (550 5.6.0).
 */
export type HeaderRefusalKind = 'from' | 'loop' | 'tags' | 'list-unsubscribe' | 'malformed';

/** A header section that is refused. */
export class HeaderRefusal extends Error {
  override readonly name = 'HeaderRefusal';
  constructor(
    readonly kind: HeaderRefusalKind,
    /** What is wrong, for the client: one line of printable ASCII, without octets of the message. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * Applies the policy for submitted mail to a header section, given up to, not including, its blank line.
 *
 * Taken off: the tag fields, Bcc and Resent-Bcc, X-List-Unsubscribe; Return-Path and Delivered-To, which only the host
 * that makes the final delivery writes (RFC 5321 4.4). Put on: Received on top; List-Unsubscribe
 * where X-List-Unsubscribe asked for it, Date and Message-ID where missing, at the end. Every other field
 * keeps its octets, order and folding, also where the section has a field twice that should stand once.
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
  const listUnsubscribe = settleListUnsubscribe(header, options.listUnsubscribeField ?? 'X-List-Unsubscribe');
  header.remove('Bcc', 'Resent-Bcc', 'Return-Path', 'Delivered-To');
  if (header.count('Date') === 0) header.append(`Date: ${formatDate(options.trace.time)}\r\n`);
  const messageId = settleMessageId(header, options.domain);
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

/** Whether the fields that stay have octets beyond ASCII (RFC 6532), in a message that may have them. */
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

/** RFC 5321 6.3: what has come through so many hosts comes from itself. */
function refuseLoop(header: HeaderSection): void {
  const { receivedFields } = DEFAULT_SUBMISSION;
  if (header.count('Received') <= receivedFields) return;
  throw new HeaderRefusal('loop', `Message loop: more than ${receivedFields} Received fields`);
}

/**
 * The one mailbox of the one From field, in exactly the principal's domain or in another one that it may use.
 *
 * RFC 5322 3.6.2 allows several mailboxes, with a Sender field to say which of them sent; they are refused,
 * all of one domain or not. Programs differ in which of them they show and filters in which they check, and
 * apps do not send such mail.
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
  if (!list.ok) throw refuse(list.reason);
  const [mailbox, ...others] = list.value;
  if (mailbox === undefined || others.length > 0) throw refuse(`the field holds ${list.value.length}`);
  const other = otherReading(text, mailbox.localPart);
  if (other !== null) throw refuse(other);
  const found = normalizeDomain(mailbox.domain);
  if (found === expected || (found !== null && mayBeAuthor?.(found) === true)) return mailbox;
  throw refuse(`the address is of ${shown(found)}`);
}

/**
 * Writes the From field anew on one line if it is folded inside a quoted string or a comment: some readers take what is
 * after the fold for an address. Unfolding says the same (RFC 5322 2.2.3).
 *
 * @throws {@link HeaderRefusal} if one line is too short for it
 */
function unfoldFrom(header: HeaderSection): void {
  const field = header.first('From');
  if (field === undefined || !isFoldedInside(field.foldedText())) return;
  const line = `${field.name}:${field.text()}`;
  if (Buffer.byteLength(line) > LINE_OCTETS) {
    throw new HeaderRefusal('from', 'From is folded inside quotes or a comment, and too long for one line');
  }
  header.replaceFirst('From', `${line}\r\n`);
}

/** A domain for the client to read, short and printable. */
function shown(domain: string | null): string {
  if (domain === null || !/^[!-~]+$/.test(domain)) return 'another domain';
  return domain.length > 100 ? `${domain.slice(0, 100)}...` : domain;
}

/** Takes fields off that the app wrote for this server, if they are not too long to be read. */
function instructions(header: HeaderSection, kind: HeaderRefusalKind, names: readonly string[]): Field[] {
  const { instructionSize } = DEFAULT_SUBMISSION;
  if (header.octetsOf(...names) > instructionSize) {
    const which = names.length === 1 ? (names[0] ?? '') : `${names.join(' and ')} together`;
    throw new HeaderRefusal(kind, `${which.slice(0, 200)}: more than ${instructionSize} octets`);
  }
  return header.take(...names);
}

/** The text of a field for people to read, decoded; a very long one is cut, between words if it has any. */
function shownText(field: Field): string {
  const { shownSize } = DEFAULT_SUBMISSION;
  const text = field.text();
  if (text.length <= shownSize) return decodeForDisplay(text);
  const cut = text.slice(0, shownSize);
  // An encoded word that is cut in two would be shown as it is written.
  const gap = cut.lastIndexOf(' ');
  return `${decodeForDisplay(gap > shownSize / 2 ? cut.slice(0, gap) : cut)}...`;
}

function takeTags(header: HeaderSection, names: readonly string[]): readonly string[] {
  const tags = parseTags(instructions(header, 'tags', names));
  if (!tags.ok) throw new HeaderRefusal('tags', tags.reason);
  return tags.value;
}

/**
 * X-List-Unsubscribe is an app's instruction to this server, so it wins: it replaces a List-Unsubscribe that
 * the app's framework put there as well, since two may not stand in one message (RFC 2369 2). Several of them
 * are one list. A plain List-Unsubscribe alone is the app's own affair and keeps its octets.
 */
function settleListUnsubscribe(header: HeaderSection, name: string): string | null {
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
    if (!list.ok) {
      const problem = `${name} must be <uri>, or several with commas between: ${list.reason}`;
      throw new HeaderRefusal('list-unsubscribe', problem);
    }
    for (const uri of list.value) uris.add(uri);
  }
  return [...uris];
}

/** A message keeps the Message-ID it has, good or bad: a second one would make it worse. */
function settleMessageId(header: HeaderSection, domain: string): string | null {
  const field = header.first('Message-ID');
  if (field !== undefined) return parseMessageId(field.text());
  const messageId = newMessageId(normalizeDomain(domain) ?? domain);
  header.append(`Message-ID: ${messageId}\r\n`);
  return messageId;
}
