/** The contract between the runner and the transports. */
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
  /** The extensions that the content needs; null if they were not computed when the message was accepted. */
  readonly needs: ContentNeeds | null;
  /**
   * A key that is the same for every attempt of this message, and different from that of any other message, so that a
   * remote server can recognise repetitions. If a message is sent in parts, the parts share the key; then the remote
   * server needs the recipients as well.
   */
  readonly idempotencyKey: string;
  /** Number of octets of {@link content}. */
  readonly size: number;
  /** Returns the message in its final form, signed if it is to be signed. Each call starts at the beginning. */
  content(): AsyncIterable<Uint8Array>;
  /** All of {@link content}, if it is short and in memory already. */
  readonly whole?: Uint8Array | undefined;
  /**
   * Returns false if another server may have taken the message over, since this one stood still. A transport asks
   * before it sends what cannot be taken back, such as the end of the content. Default: it is held.
   */
  readonly isHeld?: (() => boolean) | undefined;
}

/** The outcome for one recipient. */
export interface Delivery {
  readonly position: number;
  /**
   * - `delivered`: the remote server has taken responsibility
   * - `deferred`: a temporary failure; the same attempt may succeed later
   * - `bounced`: a permanent failure, says the remote server
   */
  readonly outcome: 'delivered' | 'deferred' | 'bounced';
  /**
   * The reply as the remote server gave it, or a text that says what went wrong. The caller shortens and cleans it.
   */
  readonly reply: string;
  /** An enhanced code of RFC 3463, such as `5.1.1`; null if the remote server gave no such code. */
  readonly enhancedCode: string | null;
  /** Name or address of the host that answered; null if no host did. */
  readonly remoteHost: string | null;
  /** Version and cipher of TLS; null without TLS. */
  readonly tls: string | null;
  /** If deferred: the remote server asks for a delay of at least so many milliseconds. */
  readonly retryAfter?: number;
  /** If bounced: the mailbox itself is bad, so the sender should not write to it again. */
  readonly hard?: boolean;
  /**
   * If delivered: the remote server supports DSN, so it notifies the sender itself if NOTIFY asks (RFC 3461 5.2.2).
   */
  readonly notifies?: boolean;
  /**
   * If delivered: the remote server supports DELIVERBY, so it observes the sender's time itself (RFC 2852 4.1.4.1).
   */
  readonly keepsTime?: boolean;
  /**
   * If deferred: the transport failed, and not this message (it cannot be reached, rejects the password, shows a bad
   * certificate), and further messages will fail too. If a route has another transport, it uses that one at once.
   */
  readonly transportFailed?: boolean;
  /**
   * If deferred: the cause is the remote server as a whole, and not this message (its answers cannot be read, it takes
   * no mail now), but the message may have been accepted, or must not go by another transport. Other messages will
   * fail in the same way, so the log has one line for all of them.
   */
  readonly general?: boolean;
}

/**
 * A transport: one way to deliver. It owns its connections, streams a message rather than hold it in memory if it can,
 * and times out by itself if a remote server does not answer.
 */
export interface Transport {
  /** Its name for the log and for operators: a URL without user and password. */
  readonly name: string;

  /**
   * Returns the name of the destination of a recipient. Recipients of one message with the same destination go in one
   * shipment, and caps count by destination.
   */
  destination(forwardPath: string): string;

  /**
   * Delivers the message, or finds out why it cannot. Resolves to one {@link Delivery} for each recipient, in any
   * order.
   *
   * Does not reject for any failure of a remote server, a network or a clock. If it rejects, the transport or
   * `content()` has a fault, and the runner defers all recipients with that error.
   *
   * @param signal aborted when the server stops. The transport should then begin nothing. If the content of a message
   * is being sent, it should finish if that can be done soon, since afterwards it is unknown whether the remote server
   * accepted the message.
   */
  send(shipment: Shipment, signal: AbortSignal): Promise<readonly Delivery[]>;

  /** Closes its connections. May be called more than once. */
  close(): Promise<void>;
}
