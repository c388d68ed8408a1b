/** Sends one shipment by its transport, and checks what the transport returns. */
import { createHash } from 'node:crypto';
import { type MessageId, StoreError } from '../../store/port.js';
import type { Lease, LeasedRecipient } from '../../store/queue.js';
import type { Delivery, Shipment, Transport } from '../transports/transport.js';

/** The content of a message as it is sent. */
export type Outgoing = Pick<Shipment, 'size' | 'content' | 'whole'>;
/** Makes the content, for example signs it. */
export type OutgoingOf = (lease: Lease) => Outgoing | Promise<Outgoing>;

/** Returns the content as it was stored: from the lease, or read from the store. */
export function storedContent(
  { id, size, content }: Lease,
  store: { content(id: MessageId): AsyncIterable<Uint8Array> },
): Outgoing {
  if (content === undefined) return { size, content: () => store.content(id) };
  return {
    size,
    whole: content,
    async *content() {
      yield content;
    },
  };
}

/** The delivery of one recipient. */
export interface Outcome {
  readonly recipient: LeasedRecipient;
  readonly delivery: Delivery;
  /** True if it is deferred because the store of this server failed, and not the transport. */
  readonly ours?: boolean;
}

/** The result of a shipment. */
interface ShipmentResult {
  /** One outcome for each recipient, in their order. */
  readonly outcomes: readonly Outcome[];
  /** The error, if the transport broke its contract; else null. */
  readonly fault: unknown;
  /**
   * The error with which the store failed to give out the content; null if it did not. The outcomes of the recipients
   * that it kept from being delivered say so, whatever the transport made of it.
   */
  readonly unreadable: unknown;
}

/**
 * Sends to recipients that share a destination. Never rejects: a recipient without a valid answer is deferred.
 *
 * @param isHeld as {@link Shipment.isHeld}
 */
export async function ship(
  transport: Transport,
  lease: Lease,
  recipients: readonly LeasedRecipient[],
  outgoing: () => Outgoing | Promise<Outgoing>,
  signal: AbortSignal,
  isHeld: () => boolean = () => true,
): Promise<ShipmentResult> {
  let answers: readonly Delivery[] = [];
  let fault: unknown = null;
  let unreadable: unknown = null;
  try {
    const read = noticingFailure(await outgoing(), (error) => (unreadable = error));
    answers = await transport.send(shipmentOf(lease, recipients, read, isHeld), signal);
  } catch (error) {
    fault = error ?? new Error('the transport gave no reason');
    // Signing reads the content as well.
    if (error instanceof StoreError) unreadable ??= error;
  }
  const byPosition = new Map(answers.map((delivery) => [delivery.position, delivery]));
  const outcomes = recipients.map((recipient) => {
    const delivery = byPosition.get(recipient.position) ?? unanswered(recipient, fault);
    const ours = unreadable !== null && delivery.outcome === 'deferred';
    return { recipient, delivery: ours ? unread(recipient) : delivery, ours };
  });
  if (unreadable !== null) fault = null;
  else if (fault === null && recipients.some(({ position }) => !byPosition.has(position))) {
    fault = new Error(`${transport.name} did not say what became of every recipient`);
  }
  return { outcomes, fault, unreadable };
}

/**
 * Returns the same content, and calls `failed` with the error if reading it fails. A transport may turn that error into
 * a result of its own, such as a connection that ended within the content.
 */
function noticingFailure(outgoing: Outgoing, failed: (error: unknown) => void): Outgoing {
  return {
    ...outgoing,
    async *content() {
      try {
        yield* outgoing.content();
      } catch (error) {
        failed(error ?? new Error('the store gave no reason'));
        throw error;
      }
    },
  };
}

/** Returns the deferral of a recipient of which nothing is known: the next try will find out. */
function unanswered(recipient: LeasedRecipient, fault: unknown): Delivery {
  const why = fault instanceof Error ? fault.message : 'the transport did not say what became of it';
  return ownFailure(recipient, why);
}

/** Returns the deferral of a recipient whose message could not be read. The error itself is for the log. */
function unread(recipient: LeasedRecipient): Delivery {
  return ownFailure(recipient, 'the content of the message could not be read');
}

function ownFailure({ position }: LeasedRecipient, why: string): Delivery {
  return {
    position,
    outcome: 'deferred',
    reply: `4.3.0 Failed in this server, not in the remote one: ${why}`,
    enhancedCode: '4.3.0',
    remoteHost: null,
    tls: null,
  };
}

function shipmentOf(
  lease: Lease,
  recipients: readonly LeasedRecipient[],
  outgoing: Outgoing,
  isHeld: () => boolean,
): Shipment {
  const { id, domain, reversePath, from, tags, messageId, receivedAt, terms, needs } = lease;
  return {
    id,
    domain,
    reversePath,
    recipients,
    from,
    tags,
    messageId,
    receivedAt,
    terms,
    needs,
    size: outgoing.size,
    // Computed only if it is read, because most transports do not use it.
    get idempotencyKey() {
      return idempotencyKey(lease);
    },
    content: () => outgoing.content(),
    whole: outgoing.whole,
    isHeld,
  };
}

/**
 * Contains the time as well, because ids are numbers of one store. It does not contain the recipients: a retry has
 * fewer of them.
 */
function idempotencyKey({ id, receivedAt }: Lease): string {
  return createHash('sha256').update(`${id} ${receivedAt}`).digest('base64url');
}
