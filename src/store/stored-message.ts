/** Stored messages, as readers see them. Part of `port.ts`. */
import type { ContentNeeds, DeliveryTerms, MessageId, NewRecipient, Status } from './message.js';
import type { Attempt } from './queue.js';

/** A message, as lists show it. */
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

/** A message with its envelope, as a page about it shows it. */
export interface MessageDetail extends MessageSummary {
  readonly reversePath: string;
  readonly messageId: string | null;
  readonly clientAddress: string;
  readonly recipients: readonly RecipientDetail[];
  readonly terms: DeliveryTerms;
  /** Null if the message was accepted by a version that did not compute it. */
  readonly needs: ContentNeeds | null;
  /** True if the content was removed because of its age; the other data is still there. */
  readonly contentRemoved: boolean;
}

/** A recipient with its attempts. */
export interface RecipientDetail extends Required<NewRecipient> {
  readonly status: Status;
  /** Every attempt, in order. */
  readonly attempts: readonly Attempt[];
  /** When the recipient is due, in milliseconds since the epoch; null if it does not wait. */
  readonly nextAttemptAt: number | null;
}
