import { fieldError } from '../errors.js';
import { postmarkEmail } from '../schemas/compat.js';
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

/** Reads the body of Postmark's `POST /email`. */
export function postmarkMail(body: unknown, { domain, extensions }: ReadOptions): Mail {
  const written = checked(postmarkEmail, body);
  const to = readRecipients('To', written.To);
  if (to.length === 0) throw fieldError('To', 'undefined field');
  const html = orNull(written.HtmlBody);
  const text = orNull(written.TextBody);
  checkBodies(['HtmlBody', 'TextBody'], html, text);
  return {
    from: readFrom(written.From, domain),
    to,
    cc: readRecipients('Cc', written.Cc),
    bcc: readRecipients('Bcc', written.Bcc),
    replyTo: readAddresses('ReplyTo', written.ReplyTo),
    subject: orNull(clean(written.Subject)),
    html,
    text,
    inReplyTo: null,
    references: null,
    listUnsubscribe: null,
    tags: readTags('Tag', written.Tag),
    headers: readHeaders(
      'Headers',
      (written.Headers ?? []).map(({ Name, Value }) => [Name, Value] as const),
    ),
    attachments: readAttachments(
      { list: 'Attachments', name: 'Attachments.Name', content: 'Attachments.Content' },
      written.Attachments?.map(({ Name, Content, ContentType, ContentID }) => ({
        name: Name,
        content: Content,
        contentType: ContentType,
        cid: ContentID,
      })),
      extensions,
    ),
  };
}
