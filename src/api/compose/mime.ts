import MailComposer from 'nodemailer/lib/mail-composer';
import { newMessageId } from '../../message/message-id.js';
import type { Mailbox } from '../../message/mailbox.js';
import type { Mail, Recipient } from './mail.js';

/** The fields that carry what Postern itself reads; the acceptance takes them off. */
export const TAGS_FIELD = 'X-OMS-Tags';
export const LIST_UNSUBSCRIBE_FIELD = 'X-List-Unsubscribe';

/** A message that is ready for the acceptance. */
export interface Composed {
  readonly from: Mailbox;
  /** Each forward-path once, with the field that it came from. */
  readonly recipients: readonly { readonly forwardPath: string; readonly field: 'to' | 'cc' | 'bcc' }[];
  readonly messageId: string;
  /** Header section and body, with CRLF. */
  readonly octets: Uint8Array;
  /** An address has characters beyond ASCII, so the message needs SMTPUTF8. */
  readonly utf8: boolean;
}

/** Makes the message. */
export async function compose(mail: Mail, now: number): Promise<Composed> {
  const { from, to, cc, bcc, subject, text, html, inReplyTo, references, tags, listUnsubscribe } = mail;
  const messageId = newMessageId(from.domain);
  const headers = [
    ...mail.headers.map(([key, value]) => ({ key, value })),
    ...(tags.length === 0 ? [] : [{ key: TAGS_FIELD, value: tags.join(', ') }]),
    ...(listUnsubscribe === null
      ? []
      : [
          { key: LIST_UNSUBSCRIBE_FIELD, value: { prepared: true, foldLines: true, value: listUnsubscribe } },
        ]),
  ];
  const composer = new MailComposer({
    from: addressOf(from),
    to: to.map(addressOf),
    cc: cc.map(addressOf),
    replyTo: mail.replyTo.map(addressOf),
    ...(subject === null ? {} : { subject }),
    ...(text === null ? {} : { text }),
    ...(html === null ? {} : { html }),
    ...(inReplyTo === null ? {} : { inReplyTo }),
    ...(references === null ? {} : { references }),
    headers,
    messageId,
    date: new Date(now),
    attachments: mail.attachments.map(({ name, content, contentType, cid }) => ({
      filename: name,
      content,
      ...(contentType === null ? {} : { contentType }),
      ...(cid === null ? {} : { cid, contentDisposition: 'inline' as const }),
    })),
    newline: '\r\n',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const octets = await composer.compile().build();
  const recipients = distinct(to, cc, bcc);
  const addresses = [from.address, ...recipients.map(({ forwardPath }) => forwardPath)];
  return {
    from,
    recipients,
    messageId,
    octets,
    utf8: addresses.some((address) => /[^\0-\x7f]/.test(address)),
  };
}

function addressOf({ displayName, address }: Mailbox): { name: string; address: string } {
  return { name: displayName ?? '', address };
}

function distinct(
  to: readonly Recipient[],
  cc: readonly Recipient[],
  bcc: readonly Recipient[],
): Composed['recipients'] {
  const fields = new Map<string, 'to' | 'cc' | 'bcc'>();
  for (const [field, list] of [['to', to] as const, ['cc', cc] as const, ['bcc', bcc] as const]) {
    for (const { forwardPath } of list) if (!fields.has(forwardPath)) fields.set(forwardPath, field);
  }
  return [...fields].map(([forwardPath, field]) => ({ forwardPath, field }));
}
