/** Runs in a worker thread: makes the body of the request that reports an event, and signs it. */
import type { HeaderFields } from '../../message/mime/fields.js';
import { addressesOf, readFields, readMessage } from '../../message/mime/read.js';
import type { MessageDetail } from '../../store/port.js';
import type { WebhookEvent, WebhookKeys } from '../../store/webhooks.js';
import { JsonSink, type JobResult } from '../workers/sink.js';
import { signBody } from './keys.js';

export interface EventFacts {
  readonly event: WebhookEvent;
  readonly message: Pick<
    MessageDetail,
    'id' | 'receivedAt' | 'from' | 'to' | 'subject' | 'messageId' | 'listUnsubscribe' | 'tags'
  >;
  readonly keys: Pick<WebhookKeys, 'privateKey'>;
  /** The reason, for the receiver, why the text of the message is left out; null if the text is to be read. */
  readonly omitted: string | null;
}

export interface ComposedEvent {
  /** The signature in base64. */
  readonly signature: string;
}

/** The most octets of a body: far more than a message can make if its text is read. */
const MOST = 128 * 1024 * 1024;

/**
 * Makes the body of the request: `{"event", "payload"}`. The names are those that clients of such services know;
 * `recipients` and `bodies_omitted` are additions.
 *
 * @param content the message; its header section, if the text is left out; or nothing, if that cannot be read either
 * @throws Unreadable
 */
export function composeEvent(
  { event, message, keys, omitted }: EventFacts,
  content: Buffer,
): JobResult<ComposedEvent> {
  const { fields, text, html } =
    omitted === null ? readMessage(content) : { fields: readFields(content), text: null, html: null };
  const sink = new JsonSink(MOST, `the event makes more than ${MOST} octets`);
  const payload = payloadOf(event, message, fields, omitted);
  // The two fields that may be large are written in pieces, at the place that they have always had.
  const [before, after] = [payload.slice(0, BODIES_AT), payload.slice(BODIES_AT)];
  sink.raw(`{"event":${JSON.stringify(event.name)},"payload":{`);
  for (const [name, value] of before) sink.raw(`"${name}":${JSON.stringify(value)},`);
  for (const [name, body] of [
    ['htmlbody', html],
    ['textbody', text],
  ] as const) {
    sink.raw(`"${name}":`);
    if (body === null) sink.raw('null');
    else sink.string(body);
    sink.raw(',');
  }
  sink.raw(after.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(','));
  sink.raw('}}');
  sink.end();
  return { value: { signature: signBody(Buffer.concat(sink.pieces), keys) }, pieces: sink.pieces };
}

/** Number of fields of the payload before the bodies. */
const BODIES_AT = 11;

function payloadOf(
  event: WebhookEvent,
  message: EventFacts['message'],
  fields: HeaderFields,
  omitted: string | null,
): readonly (readonly [name: string, value: unknown])[] {
  const status = event.name.slice('email.'.length);
  const [to, cc] = [addresses(fields, 'to'), addresses(fields, 'cc')];
  const named = new Set([...to, ...cc].map((address) => address.toLowerCase()));
  const blind = message.to.filter((address) => !named.has(address.toLowerCase()));
  const recipients = event.positions.flatMap((position) => {
    const address = message.to[position];
    return address === undefined ? [] : [{ address, status, reply: event.attempt?.reply ?? null }];
  });
  return [
    ['status', status],
    ['id', message.id],
    ['domain_id', event.domainId],
    ['created_at', new Date(message.receivedAt).toISOString()],
    ['updated_at', new Date(event.at).toISOString()],
    ['from', message.from],
    ['to', joined(to)],
    ['cc', joined(cc)],
    ['bcc', joined(blind)],
    ['subject', message.subject],
    ['replyto', joined(addresses(fields, 'reply-to'))],
    ['message_id', message.messageId],
    ['list_unsubscribe', message.listUnsubscribe],
    ['tags', message.tags],
    ['recipients', recipients],
    ['bodies_omitted', omitted],
  ];
}

function addresses(fields: HeaderFields, name: string): string[] {
  return addressesOf(fields, name).map(({ address }) => address);
}

function joined(list: readonly string[]): string | null {
  return list.length === 0 ? null : list.join(', ');
}
