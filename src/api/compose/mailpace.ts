import { sendRequest } from '../schemas/send.js';
import { checked } from './checked.js';
import { isReserved, readHeaders } from './headers.js';
import {
  clean,
  type Mail,
  orNull,
  readAttachments,
  readMail,
  readListUnsubscribe,
  type ReadOptions,
  readTags,
} from './mail.js';

const NAMES = {
  to: 'to',
  cc: 'cc',
  bcc: 'bcc',
  replyTo: 'replyto',
  subject: 'subject',
  html: 'htmlbody',
  text: 'textbody',
} as const;

/** Reads the body of `POST /api/v1/send`. */
export function mailpaceMail(body: unknown, options: ReadOptions): Mail {
  const written = checked(sendRequest, body);
  return readMail(
    {
      from: written.from,
      to: written.to,
      cc: written.cc,
      bcc: written.bcc,
      replyTo: written.replyto,
      subject: written.subject,
      html: written.htmlbody,
      text: written.textbody,
    },
    NAMES,
    options.domain,
    () => ({
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
        options,
      ),
    }),
  );
}
