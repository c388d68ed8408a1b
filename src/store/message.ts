/** The types that all parts of the contract use: messages, their domains, recipients and terms. Part of `port.ts`. */

/**
 * The id of a stored message. A positive safe integer; a message accepted later has a greater one, so that descending
 * order is newest first. Users see it in decimal.
 */
export type MessageId = number;

/**
 * The status of a message, or of one of its recipients. `held`: no delivery is configured. `cancelled`: the operator
 * took it off the queue.
 */
export const STATUSES = ['held', 'queued', 'deferred', 'delivered', 'bounced', 'cancelled'] as const;
export type Status = (typeof STATUSES)[number];

/** A sending domain: the owner of tokens and messages. */
export interface Domain {
  readonly id: number;
  /** Lower case, A-label form, without a trailing dot. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** The events that a sender may want a notification of (RFC 3461 4.1). */
export type NotifyEvent = 'SUCCESS' | 'FAILURE' | 'DELAY';

/** One recipient, as the envelope had it. */
export interface NewRecipient {
  /** The mailbox of RCPT TO, without its angle brackets. */
  readonly forwardPath: string;
  /**
   * The events that the sender wants a notification of; if it is empty, none at all. Default: null, the sender did not
   * say.
   */
  readonly notify?: readonly NotifyEvent[] | null;
  /** The original recipient, as Original-Recipient writes it (RFC 3464 2.3.1): `type;address`. Default: null. */
  readonly originalRecipient?: string | null;
}

/** The time by which a message must be delivered (RFC 2852). */
export interface DeliverBy {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /**
   * What happens at that time: the message is given up and returned, or its sender is notified and delivery goes on.
   */
  readonly otherwise: 'return' | 'notify';
  /** If true, the sender is notified of each server that takes the message. */
  readonly trace: boolean;
}

/**
 * The extensions that a content needs of each server on its way. Computed from the octets once, when the message is
 * accepted: what a client declares at MAIL says what it is able to send, not what it sends.
 */
export interface ContentNeeds {
  /** 8BITMIME (RFC 6152): there are octets above 127, in the header section or in the body. */
  readonly eightBit: boolean;
  /** SMTPUTF8 (RFC 6531 3.4): the header section has octets above 127. The envelope may need it as well. */
  readonly utf8Header: boolean;
  /** BINARYMIME (RFC 3030 3): there is a NUL, or a CR or LF that is not part of a CRLF. */
  readonly binary: boolean;
  /** A line has more than 998 octets, which no server has to take (RFC 5321 4.5.3.1.6). */
  readonly longLines: boolean;
}

/** The terms of delivery that the sender asked for. */
export interface DeliveryTerms {
  /** The part of the message that a notification of failure returns (RFC 3461 4.3); null if the sender did not say. */
  readonly ret: 'FULL' | 'HDRS' | null;
  /** The sender's name for this sending, decoded, for notifications (RFC 3461 4.4). */
  readonly envelopeId: string | null;
  /** The message is not delivered before this time, in milliseconds since the epoch (RFC 4865). */
  readonly releaseAt: number | null;
  readonly deliverBy: DeliverBy | null;
  /** Priority from -9 to 9; a higher one goes first (RFC 6710). */
  readonly priority: number;
  /** If true, the message is relayed only over verified TLS, to servers that promise the same (RFC 8689). */
  readonly requireTls: boolean;
  /** The encoding that BODY declared (RFC 6152, RFC 3030); null if it was not given. */
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME' | null;
  /** The envelope or the header section may hold UTF-8 (RFC 6531). */
  readonly smtputf8: boolean;
}
