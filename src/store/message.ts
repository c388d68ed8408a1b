/** What all parts of the contract speak of: messages, their domains, recipients and terms. Part of `port.ts`. */

/**
 * Names a stored message. A positive safe integer; a message accepted later has a greater one, so that
 * descending order is newest first. It is shown to users in decimal.
 */
export type MessageId = number;

/**
 * What has become of a message, or of one recipient of it. `held`: no delivery is configured. `cancelled`: the
 * operator took it off the queue.
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

/** What a sender may want to be notified of: RFC 3461 4.1. */
export type NotifyEvent = 'SUCCESS' | 'FAILURE' | 'DELAY';

/** One recipient, as the envelope had it. */
export interface NewRecipient {
  /** The mailbox of RCPT TO, without its angle brackets. */
  readonly forwardPath: string;
  /** What the sender wants to be notified of, of nothing where empty. Default: null, he did not say. */
  readonly notify?: readonly NotifyEvent[] | null;
  /** Whom the message was first meant for, as Original-Recipient tells it (RFC 3464 2.3.1): `type;address`. Default: null. */
  readonly originalRecipient?: string | null;
}

/** By when a message must be delivered: RFC 2852. */
export interface DeliverBy {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** What happens then: the message is given up and returned, or its sender is told and delivery goes on. */
  readonly otherwise: 'return' | 'notify';
  /** The sender is told of each server that the message is handed to. */
  readonly trace: boolean;
}

/**
 * What a content needs of each server on its way. Computed from the octets once, when the message is accepted: what a
 * client declares at MAIL says what it is able to send, not what it sends.
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

/** What the sender asked of the delivery of a message. */
export interface DeliveryTerms {
  /** What of the message a notification of failure brings back (RFC 3461 4.3); null: he did not say. */
  readonly ret: 'FULL' | 'HDRS' | null;
  /** The sender's name for this sending, decoded, for notifications (RFC 3461 4.4). */
  readonly envelopeId: string | null;
  /** Not to be delivered before this, in milliseconds since the epoch (RFC 4865). */
  readonly releaseAt: number | null;
  readonly deliverBy: DeliverBy | null;
  /** -9 to 9; what is higher goes first (RFC 6710). */
  readonly priority: number;
  /** To be handed on over verified TLS only, to servers that promise the same (RFC 8689). */
  readonly requireTls: boolean;
  /** How the content is coded, as BODY said (RFC 6152, RFC 3030); null: it did not. */
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME' | null;
  /** The envelope or the header section may hold UTF-8 (RFC 6531). */
  readonly smtputf8: boolean;
}
