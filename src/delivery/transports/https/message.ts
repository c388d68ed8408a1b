import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import type { NamedAddress } from './address.js';
import { formatAddress } from './address.js';

/** What the API takes of a message, beside whom it is from and who gets it. The names are the API's. */
export interface MessageFields {
  readonly subject?: string;
  readonly htmlbody?: string;
  readonly textbody?: string;
  readonly replyto?: string;
  readonly list_unsubscribe?: string;
  readonly attachments?: readonly AttachmentFields[];
}

export interface AttachmentFields {
  readonly name: string;
  /** In base64. */
  readonly content: string;
  readonly content_type: string;
  readonly cid?: string;
}

export interface ReadMessage {
  /** The name that From has. */
  readonly fromName: string;
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  readonly fields: MessageFields;
}

/** A message that the API has no words for. */
export class Inexpressible extends Error {
  override readonly name = 'Inexpressible';
  constructor(
    /** RFC 3463. */
    readonly enhancedCode: string,
    message: string,
  ) {
    super(message);
  }
}

/** What the API would take apart, and with that break: a signature covers octets, and so does encryption. */
const SEALED = /^(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-mime)\s*(?:;|$)/i;

/** Endings for attachments without a name, among those that the API allows. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'text/csv': 'csv',
  'text/plain': 'txt',
};

/**
 * Takes a message apart for the API. A message without any text gets a body of one space, since the API
 * demands one: what is sent is its attachments. Messages in the message stay whole, as attachments.
 *
 * @throws Inexpressible
 */
export async function readMessage(octets: Uint8Array): Promise<ReadMessage> {
  const email = await parse(octets);
  const type = fieldOf(email, 'content-type') ?? '';
  if (SEALED.test(type)) {
    const name = type.split(';', 1)[0]?.trim() ?? '';
    throw new Inexpressible('5.6.2', `a mail API would break what ${name} seals; it needs another transport`);
  }
  const replyTo = mailboxes(email.replyTo).map(formatAddress).join(', ');
  const listUnsubscribe = fieldOf(email, 'list-unsubscribe');
  const attachments = email.attachments.map(attachmentFields);
  return {
    fromName: email.from?.name ?? '',
    to: mailboxes(email.to),
    cc: mailboxes(email.cc),
    fields: {
      ...given('subject', email.subject),
      ...given('htmlbody', email.html),
      ...given('textbody', email.text ?? (email.html === undefined ? ' ' : undefined)),
      ...given('replyto', replyTo),
      ...given('list_unsubscribe', listUnsubscribe),
      ...(attachments.length === 0 ? {} : { attachments }),
    },
  };
}

async function parse(octets: Uint8Array): Promise<Email> {
  try {
    return await PostalMime.parse(octets, { forceRfc822Attachments: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Inexpressible('5.6.0', `its parts cannot be read: ${reason}`);
  }
}

function attachmentFields(attachment: Attachment, index: number): AttachmentFields {
  const { filename, mimeType, content, contentId, related, disposition } = attachment;
  const name = filename === null || filename === '' ? nameFor(mimeType, index) : filename;
  const cid = contentId?.trim().replace(/^<(.*)>$/, '$1');
  return {
    name,
    // Not by the parser, which has no native base64.
    content: base64(content),
    content_type: mimeType === '' ? 'application/octet-stream' : mimeType,
    // A Content-ID on an attachment that no text can point at would make it vanish for readers.
    ...(cid !== undefined && cid !== '' && (related === true || disposition === 'inline') ? { cid } : {}),
  };
}

function base64(content: Attachment['content']): string {
  if (typeof content === 'string') return Buffer.from(content).toString('base64');
  const octets = content instanceof Uint8Array ? content : new Uint8Array(content);
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64');
}

function nameFor(mimeType: string, index: number): string {
  return `attachment-${index + 1}.${ENDINGS[mimeType] ?? 'att'}`;
}

/** The members of groups count as those of the list. */
function mailboxes(list: readonly Address[] | undefined): NamedAddress[] {
  return (list ?? []).flatMap((entry): NamedAddress[] => entry.group ?? [entry]);
}

/** The body of the first field of a name, unfolded. */
function fieldOf(email: Email, name: string): string | undefined {
  return email.headers.find(({ key }) => key === name)?.value;
}

function given<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined || value === '' ? {} : ({ [name]: value } as Record<Name, string>);
}
