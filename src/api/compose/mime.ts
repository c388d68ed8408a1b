import MailComposer from 'nodemailer/lib/mail-composer';
import { isAscii } from '../../base/ascii.js';
import { formatDate } from '../../message/date.js';
import { type Mailbox, newMessageId } from '../../message/mailbox.js';
import type { Mail, Recipient } from './mail.js';
import { type Given, plainMessage, type WrittenField } from './plain.js';
import { writtenMessage } from './written.js';

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
export function compose(mail: Mail, now: number): Composed {
  const { from, to, cc, bcc } = mail;
  const messageId = newMessageId(from.domain);
  const given: Given = {
    messageId,
    date: formatDate(now),
    // As random as the id: nodemailer would ask the kernel for eight octets more.
    boundary: messageId.slice(1, messageId.indexOf('@')),
    instructions: instructions(mail),
  };
  const octets = plainMessage(mail, given) ?? composedMessage(mail, given);
  const recipients = distinct(to, cc, bcc);
  const utf8 = !isAscii(from.address) || recipients.some(({ forwardPath }) => !isAscii(forwardPath));
  return { from, recipients, messageId, octets, utf8 };
}

/** The fields that the acceptance takes off again. */
function instructions({ tags, listUnsubscribe }: Mail): WrittenField[] {
  const fields: WrittenField[] = [];
  if (tags.length > 0) fields.push([TAGS_FIELD, tags.join(', ')]);
  if (listUnsubscribe !== null) fields.push([LIST_UNSUBSCRIBE_FIELD, listUnsubscribe]);
  return fields;
}

/** Returns the octets of any message: nodemailer makes its tree of parts and its header sections. */
export function composedMessage(mail: Mail, given: Given): Buffer {
  const { from, to, cc, subject, text, html, inReplyTo, references } = mail;
  const headers = [
    // As they are. Given otherwise, nodemailer looks at each several times to find out whether it must be encoded.
    { key: 'Message-ID', value: { prepared: true, value: given.messageId } },
    { key: 'MIME-Version', value: { prepared: true, value: '1.0' } },
    ...mail.headers.map(([key, value]) => ({ key, value })),
    ...given.instructions.map(([key, value]) =>
      key === LIST_UNSUBSCRIBE_FIELD
        ? { key, value: { prepared: true, foldLines: true, value } }
        : { key, value },
    ),
  ];
  const composer = new MailComposer({
    from: addressOf(from),
    to: addressesOf(to),
    cc: addressesOf(cc),
    replyTo: addressesOf(mail.replyTo),
    subject: subject ?? undefined,
    text: text ?? undefined,
    html: html ?? undefined,
    inReplyTo: inReplyTo ?? undefined,
    references: references ?? undefined,
    headers,
    date: given.date,
    attachments: mail.attachments.map(({ name, content, contentType, cid }) => ({
      filename: name,
      content,
      ...(contentType === null ? {} : { contentType }),
      ...(cid === null ? {} : { cid, contentDisposition: 'inline' as const }),
    })),
    newline: '\r\n',
    baseBoundary: given.boundary,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return writtenMessage(composer.compile());
}

/** An address with the name before it. */
interface Named {
  readonly displayName?: string | undefined;
  readonly address: string;
}

/** Returns undefined for a list without addresses: nodemailer takes as much time for an empty field as for a full one. */
function addressesOf(list: readonly Named[]): { name: string; address: string }[] | undefined {
  return list.length === 0 ? undefined : list.map(addressOf);
}

function addressOf({ displayName, address }: Named): { name: string; address: string } {
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
