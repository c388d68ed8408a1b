import { fieldError } from '../errors.js';
import { resendEmail } from '../schemas/compat.js';
import { checked } from './checked.js';
import { readHeaders } from './headers.js';
import {
  checkBodies,
  clean,
  type Mail,
  orNull,
  readAddresses,
  readAttachments,
  readFrom,
  readRecipients,
  type ReadOptions,
  readTags,
} from './mail.js';

/** Reads the body of Resend's `POST /emails`. A tag `{name, value}` becomes the tag `name:value`. */
export function resendMail(body: unknown, { domain, extensions }: ReadOptions): Mail {
  const written = checked(resendEmail, body);
  const to = readRecipients('to', written.to);
  if (to.length === 0) throw fieldError('to', 'undefined field');
  const html = orNull(written.html);
  const text = orNull(written.text);
  checkBodies(['html', 'text'], html, text);
  return {
    from: readFrom(written.from, domain),
    to,
    cc: readRecipients('cc', written.cc),
    bcc: readRecipients('bcc', written.bcc),
    replyTo: readAddresses('reply_to', written.reply_to),
    subject: orNull(clean(written.subject)),
    html,
    text,
    inReplyTo: null,
    references: null,
    listUnsubscribe: null,
    tags: readTags(
      'tags',
      written.tags?.map(({ name, value }) => (value === '' ? name : `${name}:${value}`)),
    ),
    headers: readHeaders('headers', Object.entries(written.headers ?? {})),
    attachments: readAttachments(
      { list: 'attachments', name: 'attachments.filename', content: 'attachments.content' },
      written.attachments?.map(({ filename, content, content_type, content_id }) => ({
        name: filename,
        content,
        contentType: content_type,
        cid: content_id,
      })),
      extensions,
    ),
  };
}
