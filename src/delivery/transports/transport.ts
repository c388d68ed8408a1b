/** What carries messages onward: the contract between the runner and each way of delivery. */
import type { ContentNeeds, DeliveryTerms, Domain, MessageId } from '../../store/port.js';
import type { LeasedRecipient } from '../../store/queue.js';

/** One message for recipients that share a destination. */
export interface Shipment {
  readonly id: MessageId;
  /** The sending domain. */
  readonly domain: Domain;
  /** Empty for the null reverse-path. */
  readonly reversePath: string;
  /** At least one. */
  readonly recipients: readonly LeasedRecipient[];
  readonly from: string;
  readonly tags: readonly string[];
  readonly messageId: string | null;
  readonly receivedAt: number;
  readonly terms: DeliveryTerms;
  /** What the content needs of a server; null if that was not computed when the message was accepted. */
  readonly needs: ContentNeeds | null;
  /**
   * The same for every try of this message, and for no other one: for far sides that can tell repetitions by it.
   * Parts of a message that go by themselves have it in common; a far side has to be told whom each is for.
   */
  readonly idempotencyKey: string;
  /** Octets of {@link content}. */
  readonly size: number;
  /** The message as it is to go out, signed where it is to be. Each call begins anew. */
  content(): AsyncIterable<Uint8Array>;
  /** All of {@link content}, where it is short and at hand. */
  readonly whole?: Uint8Array | undefined;
}

/** What became of one recipient. */
export interface Delivery {
  readonly position: number;
  /**
   * - `delivered`: the far side has taken the responsibility
   * - `deferred`: not now; the same may work later
   * - `bounced`: never, says the far side
   */
  readonly outcome: 'delivered' | 'deferred' | 'bounced';
  /** The reply as the far side gave it, or in words what went wrong. Cut and stripped by whoever keeps it. */
  readonly reply: string;
  /** RFC 3463, such as `5.1.1`; null where the far side gave none. */
  readonly enhancedCode: string | null;
  /** Name or address of the host that answered; null where none did. */
  readonly remoteHost: string | null;
  /** Version and cipher, null without TLS. */
  readonly tls: string | null;
  /** Of a deferral: the far side asks for at least so many milliseconds of peace. */
  readonly retryAfter?: number;
  /** Of a bounce: the mailbox itself is bad, so that the sender had better not write to it again. */
  readonly hard?: boolean;
  /** Of a delivery: the far side notifies the sender itself where NOTIFY asks (it speaks DSN, RFC 3461 5.2.2). */
  readonly notifies?: boolean;
  /** Of a delivery: the far side keeps to the sender's time by itself (it speaks DELIVERBY, RFC 2852 4.1.4.1). */
  readonly keepsTime?: boolean;
  /**
   * Of a deferral: what failed is the transport and not this message (it cannot be reached, does not know
   * the password, shows a bad certificate), and so it will go on: a route with another transport goes on to
   * that one at once.
   */
  readonly transportFailed?: boolean;
  /**
   * Of a deferral: it is about the far side as a whole, and not this message (its answers cannot be read, it takes
   * nothing just now), but the message may have been taken, or is not to go another way. Others will have the
   * same, and the log has one line for all of them.
   */
  readonly general?: boolean;
}

/**
 * A way out. It keeps its connections to itself, holds no message in memory as a whole where it need not,
 * and gives up by itself on a far side that does not answer.
 */
export interface Transport {
  /** For the log and for people: a URL without user and password. */
  readonly name: string;

  /**
   * Where mail for this mailbox goes, as a name: recipients of a message with the same destination go in one
   * shipment, and caps count by it.
   */
  destination(forwardPath: string): string;

  /**
   * Delivers, or finds out why not. Resolves to one {@link Delivery} for each recipient, in any order.
   *
   * It does not reject for anything that a far side, a network or a clock can do; a rejection is a fault of
   * the transport, or of `content()`, and the runner defers all recipients with it.
   *
   * @param signal aborted when the server stops: what is not under way should not begin; a message whose
   * content is on its way should be ended if that can be done soon, since nobody can tell afterwards whether
   * the far side has taken it
   */
  send(shipment: Shipment, signal: AbortSignal): Promise<readonly Delivery[]>;

  /** Ends its connections. May be repeated. */
  close(): Promise<void>;
}
