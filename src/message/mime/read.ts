import { readAddressList, type NamedAddress } from '../address-list.js';
import { decodeForDisplay } from '../encoded-word.js';
import { MIME_LIMITS, Work, type MimeLimits } from './work.js';
import type { HeaderFields } from './fields.js';
import { partOctets } from './content.js';
import { attachmentName, contentTypeOf } from './naming.js';
import { readTextAndFiles } from './text-and-files.js';
import type { Part } from './part.js';
import { split } from './split.js';

/** A file of a message. {@link attachmentOctets} returns its octets when they are needed. */
export interface Attachment {
  /** The name from the message, cleaned; else made of its place and its type. */
  readonly name: string;
  /** The type with its parameters, such as `text/calendar; method=REQUEST`. */
  readonly contentType: string;
  /** The content id without its angle brackets; null if it has no content id. */
  readonly contentId: string | null;
  /** True if it is shown within the text: it is part of a multipart/related, or says `inline`. */
  readonly inline: boolean;
  readonly part: Part;
}

/**
 * A message that was parsed into its parts. Everything except {@link fields} is plain data; attachments are not
 * copied.
 */
export interface ReadMessage {
  readonly root: Part;
  readonly fields: HeaderFields;
  /** Null if the message has no plain text. */
  readonly text: string | null;
  /** Null if the message has no HTML. */
  readonly html: string | null;
  readonly attachments: readonly Attachment[];
  /** The work that parsing took. */
  readonly work: Work;
}

/**
 * Parses a message into its parts (RFC 2045, RFC 2046). The octets must not change while the result is in use: parts
 * are offsets into them. Text is decoded and cleaned; attachments are not touched.
 *
 * The work is linear in the octets and bounded by the limits, but it can take seconds: do it in a worker thread.
 *
 * @throws Unreadable if the message cannot be parsed without loss, or only with more work than allowed
 */
export function readMessage(message: Buffer, limits: MimeLimits = MIME_LIMITS): ReadMessage {
  const work = new Work(limits);
  const { root, fields } = split(message, work);
  const { text, html, files } = readTextAndFiles(message, root, work);
  const attachments = files.map(({ part, related }, index) => ({
    name: attachmentName(part, index + 1),
    contentType: contentTypeOf(part),
    contentId: part.contentId,
    inline: related || part.disposition === 'inline',
    part,
  }));
  return { root, fields, text, html, attachments, work };
}

/**
 * Reads the header section of a message and nothing else.
 *
 * @throws Unreadable as {@link readMessage} does
 */
export function readFields(message: Buffer, limits: MimeLimits = MIME_LIMITS): HeaderFields {
  return split(message, new Work(limits)).fields;
}

/** Returns the octets of an attachment, without transfer encoding, exactly as they were sent. */
export function attachmentOctets(message: Buffer, { part }: Attachment): Buffer {
  return partOctets(message, part);
}

/** Returns the addresses of all fields of this name, such as `to`, with their names decoded. */
export function addressesOf(fields: HeaderFields, name: string): NamedAddress[] {
  return fields.all(name).flatMap(readAddressList);
}

/**
 * Returns the body of the first field of this name, cleaned, with encoded words decoded; null if there is no such
 * field.
 */
export function displayOf(fields: HeaderFields, name: string): string | null {
  const body = fields.first(name);
  return body === undefined ? null : decodeForDisplay(body);
}
