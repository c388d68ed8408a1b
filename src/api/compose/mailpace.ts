import { sendRequest } from '../schemas/send.js';
import { fieldError } from '../errors.js';
import { checked } from './checked.js';
import { isReserved, readHeaders } from './headers.js';
import {
  checkBodies,
  clean,
  type Mail,
  orNull,
  readAddresses,
  readAttachments,
  readFrom,
  readListUnsubscribe,
  readRecipients,
  type ReadOptions,
  readTags,
} from './mail.js';

/** Reads the body of `POST /api/v1/send`. */
export function mailpaceMail(body: unknown, { domain, extensions }: ReadOptions): Mail {
  const written = checked(sendRequest, body);
  const from = readFrom(written.from, domain);
  const to = readRecipients('to', written.to);
  if (to.length === 0) throw fieldError('to', 'undefined field');
  const html = orNull(written.htmlbody);
  const text = orNull(written.textbody);
  checkBodies(['htmlbody', 'textbody'], html, text);
  return {
    from,
    to,
    cc: readRecipients('cc', written.cc),
    bcc: readRecipients('bcc', written.bcc),
    replyTo: readAddresses('replyto', written.replyto),
    subject: orNull(clean(written.subject)),
    html,
    text,
    inReplyTo: orNull(clean(written.inreplyto)),
    references: orNull(clean(written.references)),
    listUnsubscribe: readListUnsubscribe('list_unsubscribe', written.list_unsubscribe),
    tags: readTags('tags', written.tags),
    // The client that sends these fields sends all that its message has.
    headers: readHeaders(
      'Headers',
      (written.Headers ?? [])
        .filter(({ Name }) => !isReserved(Name))
        .map(({ Name, Value }) => [Name, Value] as const),
    ),
    attachments: readAttachments(
      { list: 'attachments', name: 'attachments.name', content: 'attachments.content' },
      written.attachments?.map(({ name, content, content_type, cid }) => ({
        name,
        content,
        contentType: content_type,
        cid,
      })),
      extensions,
    ),
  };
}
