import { postmarkEmail } from '../schemas/compat.js';
import { checked } from './checked.js';
import { readHeaders } from './headers.js';
import { type Mail, readAttachments, readMail, type ReadOptions, readTags } from './mail.js';

const NAMES = {
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  replyTo: 'ReplyTo',
  subject: 'Subject',
  html: 'HtmlBody',
  text: 'TextBody',
} as const;

/** Reads the body of Postmark's `POST /email`. */
export function postmarkMail(body: unknown, options: ReadOptions): Mail {
  const written = checked(postmarkEmail, body);
  return readMail(
    {
      from: written.From,
      to: written.To,
      cc: written.Cc,
      bcc: written.Bcc,
      replyTo: written.ReplyTo,
      subject: written.Subject,
      html: written.HtmlBody,
      text: written.TextBody,
    },
    NAMES,
    options.domain,
    () => ({
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
        options,
      ),
    }),
  );
}
