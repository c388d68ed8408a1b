import PostalMime, { type Address, type Email } from 'postal-mime';
import type { MessageDetail } from '../../store/port.js';
import type { WebhookEvent } from '../../store/webhooks.js';
import { BLANK_LINE, readAll, readHead } from '../transports/read-content.js';

/** Octets of a message whose text is told; of a larger one, the header section alone is read. */
export const MAX_READ = 10 * 1024 * 1024;

/** What is told. The names are those that clients of such services know; `recipients` is beside them. */
export interface Payload {
  readonly status: string;
  readonly id: number;
  readonly domain_id: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly from: string;
  readonly to: string | null;
  readonly cc: string | null;
  readonly bcc: string | null;
  readonly subject: string | null;
  readonly replyto: string | null;
  readonly htmlbody: string | null;
  readonly textbody: string | null;
  readonly message_id: string | null;
  readonly list_unsubscribe: string | null;
  readonly tags: readonly string[];
  readonly recipients: readonly {
    readonly address: string;
    readonly status: string;
    readonly reply: string | null;
  }[];
}

/**
 * The body of the request that tells an event: `{"event", "payload"}`.
 *
 * @param content read no further than needed
 */
export async function eventBody(
  event: WebhookEvent,
  message: MessageDetail,
  content: AsyncIterable<Uint8Array>,
): Promise<Buffer> {
  const { octets, whole } = await read(content, message.size);
  const email = await parse(octets);
  const payload = makePayload(event, message, email, whole);
  return Buffer.from(JSON.stringify({ event: event.name, payload }));
}

function makePayload(event: WebhookEvent, message: MessageDetail, email: Email, whole: boolean): Payload {
  const status = event.name.slice('email.'.length);
  const [to, cc] = [addresses(email.to), addresses(email.cc)];
  const named = new Set([...to, ...cc].map((address) => address.toLowerCase()));
  const blind = message.to.filter((address) => !named.has(address.toLowerCase()));
  return {
    status,
    id: message.id,
    domain_id: event.domainId,
    created_at: new Date(message.receivedAt).toISOString(),
    updated_at: new Date(event.at).toISOString(),
    from: message.from,
    to: joined(to),
    cc: joined(cc),
    bcc: joined(blind),
    subject: message.subject,
    replyto: joined(addresses(email.replyTo)),
    htmlbody: whole ? (email.html ?? null) : null,
    textbody: whole ? (email.text ?? null) : null,
    message_id: message.messageId,
    list_unsubscribe: message.listUnsubscribe,
    tags: message.tags,
    recipients: event.positions.flatMap((position) => {
      const address = message.to[position];
      return address === undefined ? [] : [{ address, status, reply: event.attempt?.reply ?? null }];
    }),
  };
}

/** The content, or where it is large, as much as holds the header section. */
async function read(
  content: AsyncIterable<Uint8Array>,
  size: number,
): Promise<{ readonly octets: Uint8Array; readonly whole: boolean }> {
  if (size <= MAX_READ) return { octets: await readAll(content), whole: true };
  const head = await readHead(content, MAX_READ);
  const end = head.indexOf(BLANK_LINE);
  return { octets: end < 0 ? head : head.subarray(0, end + BLANK_LINE.length), whole: false };
}

const NOTHING: Email = { headers: [], headerLines: [], attachments: [] };

/** What cannot be parsed is told without what only the content knows. */
async function parse(octets: Uint8Array): Promise<Email> {
  return PostalMime.parse(octets, { forceRfc822Attachments: true }).catch(() => NOTHING);
}

function addresses(list: readonly Address[] | undefined): string[] {
  return (list ?? []).flatMap((entry) => entry.group ?? [entry]).map(({ address }) => address);
}

function joined(list: readonly string[]): string | null {
  return list.length === 0 ? null : list.join(', ');
}
