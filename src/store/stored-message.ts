/** A message that is stored, as readers see it. Part of `port.ts`. */
import type { ContentNeeds, DeliveryTerms, MessageId, NewRecipient, Status } from './message.js';
import type { Attempt } from './queue.js';

/** A message as lists show it. */
export interface MessageSummary {
  readonly id: MessageId;
  /** Name of the domain it was sent for. */
  readonly domain: string;
  readonly status: Status;
  readonly from: string;
  /** Envelope recipients, in the order of the envelope. */
  readonly to: readonly string[];
  readonly subject: string | null;
  readonly tags: readonly string[];
  readonly listUnsubscribe: string | null;
  /** Octets of the stored content. */
  readonly size: number;
  readonly receivedAt: number;
  readonly tls: string | null;
}

/** A message with its envelope, as one page about it shows it. */
export interface MessageDetail extends MessageSummary {
  readonly reversePath: string;
  readonly messageId: string | null;
  readonly clientAddress: string;
  readonly recipients: readonly RecipientDetail[];
  readonly terms: DeliveryTerms;
  /** Null for a message that was accepted by a version that did not compute it. */
  readonly needs: ContentNeeds | null;
  /** The content was old and is gone: all that is left of the message is told here. */
  readonly contentRemoved: boolean;
}

/** A recipient, and what has become of him. */
export interface RecipientDetail extends Required<NewRecipient> {
  readonly status: Status;
  /** Every try, in order. */
  readonly attempts: readonly Attempt[];
  /** When it is due, in milliseconds since the epoch; null where it does not wait. */
  readonly nextAttemptAt: number | null;
}
