import { resendEmail } from '../schemas/compat.js';
import { checked } from './checked.js';
import { readHeaders } from './headers.js';
import { type Mail, readAttachments, readMail, type ReadOptions, readTags } from './mail.js';

const NAMES = {
  to: 'to',
  cc: 'cc',
  bcc: 'bcc',
  replyTo: 'reply_to',
  subject: 'subject',
  html: 'html',
  text: 'text',
} as const;

/** Reads the body of Resend's `POST /emails`. A tag `{name, value}` becomes the tag `name:value`. */
export function resendMail(body: unknown, options: ReadOptions): Mail {
  const written = checked(resendEmail, body);
  return readMail(
    {
      from: written.from,
      to: written.to,
      cc: written.cc,
      bcc: written.bcc,
      replyTo: written.reply_to,
      subject: written.subject,
      html: written.html,
      text: written.text,
    },
    NAMES,
    options.domain,
    () => ({
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
        options,
      ),
    }),
  );
}
