import { Unreadable } from '../../message/mime/work.js';
import { type MessageDetail, StoreError } from '../../store/port.js';
import type { WebhookEvent, WebhookKeys } from '../../store/webhooks.js';
import { BLANK_LINE, readHead } from '../transports/read-content.js';
import type { ContentWorkers } from '../workers/workers.js';
import type { EventFacts } from './compose.js';

/** The most octets of a message whose text is reported. If a message is larger, only its header section is read. */
export const MAX_READ = 10 * 1024 * 1024;

/** The body of a request, in pieces, and its signature in base64. */
interface SignedBody {
  readonly pieces: readonly Uint8Array[];
  readonly signature: string;
}

/**
 * Makes the body of the request that reports an event, in a worker thread. Every event is reported: if its message
 * cannot be parsed within the limits, or the store does not give it out, the body says why and has no text.
 *
 * @param content returns the message from its beginning, each time
 * @throws Stopped if the signal is aborted
 */
export async function eventBody(
  workers: ContentWorkers,
  event: WebhookEvent,
  message: MessageDetail,
  keys: WebhookKeys,
  content: () => AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<SignedBody> {
  const { id, receivedAt, from, to, subject, messageId, listUnsubscribe, tags } = message;
  const facts: Omit<EventFacts, 'omitted'> = {
    event,
    message: { id, receivedAt, from, to, subject, messageId, listUnsubscribe, tags },
    keys: { privateKey: keys.privateKey },
  };
  const make = async (omitted: string | null, octets: AsyncIterable<Uint8Array>): Promise<SignedBody> => {
    const made = await workers.run(event.domainId, 'event', { ...facts, omitted }, octets, signal);
    return { pieces: made.pieces, signature: made.value.signature };
  };
  let omitted = `the message is larger than ${MAX_READ} octets`;
  if (message.size <= MAX_READ) {
    const whole = await make(null, content()).catch(unreadable);
    if (!(whole instanceof Unreadable)) return whole;
    omitted = whole.message;
  }
  const head = await make(omitted, headOf(content())).catch(unreadable);
  return head instanceof Unreadable ? make(omitted, nothing()) : head;
}

/** Returns the error if it says that a message cannot be read or parsed; throws any other error. */
function unreadable(error: unknown): Unreadable {
  if (error instanceof Unreadable) return error;
  // The words are for the receiver. The attempt to deliver the message meets the same error, and the log has it.
  if (error instanceof StoreError && error.code !== 'closed') {
    return new Unreadable('4.3.0', 'the server could not read the content of the message');
  }
  throw error;
}

/** Returns the header section of a message. */
async function* headOf(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const head = await readHead(content, MAX_READ);
  const end = head.indexOf(BLANK_LINE);
  yield end < 0 ? head : head.subarray(0, end + BLANK_LINE.length);
}

async function* nothing(): AsyncIterable<Uint8Array> {
  // The event is still reported, with what the store knows.
}
