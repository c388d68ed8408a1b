/** Runs in a worker thread: makes the requests of a message for a mail API. */
import { addressesOf, attachmentOctets, displayOf, readMessage } from '../../../message/mime/read.js';
import { Unreadable } from '../../../message/mime/work.js';
import type { Part } from '../../../message/mime/part.js';
import { JsonSink, type JobResult } from '../../workers/sink.js';
import { formatAddress } from './address.js';
import { type Addressees, type Recipient, spread } from './requests.js';

export interface RequestFacts {
  readonly recipients: readonly Recipient[];
  readonly tags: readonly string[];
  /** The most octets of a request. */
  readonly most: number;
}

export interface ComposedRequest {
  /** The display name in the From field. */
  readonly fromName: string;
  readonly requests: readonly Addressees[];
  /** Octets of all pieces together. */
  readonly size: number;
}

/**
 * Makes the part that all requests of a message have in common, as JSON without its first brace, and the addressees of
 * each request. If a message has no text, its body is one space, because the API requires a body; the attachments are
 * sent as they are. Messages in the message stay whole, as attachments.
 *
 * @throws Unreadable
 */
export function composeRequest(
  { recipients, tags, most }: RequestFacts,
  message: Buffer,
): JobResult<ComposedRequest> {
  const { root, fields, text, html, attachments } = readMessage(message);
  const sealed = sealedType(root);
  if (sealed !== null) {
    throw new Unreadable('5.6.2', `a mail API would break what ${sealed} seals; it needs another transport`);
  }
  const sink = new JsonSink(most, `the message makes more than ${most} octets for the mail API`);
  const body = text === null || text === '' ? (html === null || html === '' ? ' ' : null) : text;
  const replyTo = addressesOf(fields, 'reply-to').map(formatAddress).join(', ');
  const strings = [
    ...named('subject', displayOf(fields, 'subject')),
    ...named('htmlbody', html),
    ...named('textbody', body),
    ...named('replyto', replyTo),
    ...named('list_unsubscribe', displayOf(fields, 'list-unsubscribe')),
  ];
  for (const [at, [name, value]] of strings.entries()) {
    sink.raw(`${at === 0 ? '' : ','}"${name}":`);
    sink.string(value);
  }
  for (const [at, attachment] of attachments.entries()) {
    const { name, contentType, contentId, inline } = attachment;
    sink.raw(`${at === 0 ? ',"attachments":[' : ','}{"name":`);
    sink.string(name);
    sink.raw(',"content":');
    sink.base64(attachmentOctets(message, attachment));
    sink.raw(',"content_type":');
    sink.string(contentType);
    // If an attachment had a Content-ID that no text points at, readers would not show it.
    if (contentId !== null && inline) sink.raw(`,"cid":${JSON.stringify(contentId)}`);
    sink.raw('}');
  }
  if (attachments.length > 0) sink.raw(']');
  if (tags.length > 0) sink.raw(`,"tags":${JSON.stringify(tags)}`);
  sink.raw('}');
  sink.end();
  const requests = spread(recipients, { to: addressesOf(fields, 'to'), cc: addressesOf(fields, 'cc') });
  const fromName = addressesOf(fields, 'from')[0]?.name ?? '';
  return { value: { fromName, requests, size: sink.size }, pieces: sink.pieces };
}

/** Returns a field of the API, or nothing if its value is empty. */
function named(name: string, value: string | null): readonly (readonly [string, string])[] {
  return value === null || value === '' ? [] : [[name, value]];
}

/** S/MIME (RFC 8551 3.2). It can be passed on as a file in a message, but not as the whole message. */
const PKCS7 = /^application\/(?:x-)?pkcs7-mime$/;

/**
 * Returns the type of a part that the API would take apart and thereby break: a signature and encryption cover octets.
 */
function sealedType(part: Part, isRoot = true): string | null {
  const { type, parts } = part;
  if (type === 'multipart/signed' || type === 'multipart/encrypted') return type;
  if (isRoot && PKCS7.test(type)) return type;
  for (const each of parts) {
    const found = sealedType(each, false);
    if (found !== null) return found;
  }
  return null;
}
