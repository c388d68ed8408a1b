import { defaultsOf, type Limit } from '../base/limit.js';

/** The limits of the gateway itself. The limits of its server come on top of them. */
export interface SubmissionLimits {
  /** Octets of a header section, with the blank line that ends it. */
  readonly headerSize: number;
  /** The most Received fields that a message may have when it comes in. */
  readonly receivedFields: number;
  /** Octets of the From field. */
  readonly fromSize: number;
  /** Octets of all tag fields together, and of all X-List-Unsubscribe fields together. */
  readonly instructionSize: number;
  /** Characters of a field that is stored for display, such as Subject. */
  readonly shownSize: number;
  /** Messages per minute of one domain; 0 allows any number. */
  readonly messagesPerMinute: number;
  /** Recipients per minute of one domain; 0 allows any number. */
  readonly recipientsPerMinute: number;
  /** The longest time that HOLDFOR or HOLDUNTIL may hold a message, in milliseconds. */
  readonly hold: number;
  /** The shortest time that BY may give if it asks for a return, in milliseconds. */
  readonly deliverBy: number;
}

export const SUBMISSION = {
  headerSize: {
    about: 'Largest header section of a message; it is held in memory while it is rewritten.',
    initial: 256 * 1024,
    unit: 'octets',
    source: 'Postfix keeps 100 KiB of one (header_size_limit)',
  },
  receivedFields: {
    about: 'Received fields of a message when it comes in; one with more is in a loop, and gets 554.',
    initial: 100,
    unit: 'count',
    source: 'RFC 5321 6.3: normally at least 100',
  },
  fromSize: {
    about: 'Octets of the From field; a longer one is refused with 550.',
    initial: 8 * 1024,
    unit: 'octets',
    source: 'one name and one address have less than 1,000',
  },
  instructionSize: {
    about:
      'Octets of all tag fields together, and of all X-List-Unsubscribe fields; more is refused with 550. They are read on the path of every message.',
    initial: 16 * 1024,
    unit: 'octets',
    source: '20 tags of 100 characters, encoded, have about 11,000',
  },
  shownSize: {
    about:
      'Characters of Subject and List-Unsubscribe that are decoded to be shown in lists; the message itself keeps all of them.',
    initial: 4 * 1024,
    unit: 'count',
    source: 'four of the longest lines that RFC 5322 2.1.1 allows',
  },
  messagesPerMinute: {
    about:
      'Messages per minute of one domain, counted at MAIL; the number of a whole minute may come at once. Further ones get 450 and the time to wait. 0 allows any number.',
    initial: 0,
    unit: '1/min',
    source: "Postfix's smtpd_client_message_rate_limit",
  },
  recipientsPerMinute: {
    about: 'Recipients per minute of one domain, counted at RCPT in the same way. 0 allows any number.',
    initial: 0,
    unit: '1/min',
    source: "Postfix's smtpd_client_recipient_rate_limit",
  },
  hold: {
    about: 'Longest time that HOLDFOR or HOLDUNTIL may hold a message, announced by FUTURERELEASE.',
    initial: 30 * 24 * 3_600_000,
    unit: 'ms',
    source: 'mail services schedule up to a month ahead',
  },
  deliverBy: {
    about: 'Shortest time that BY may give before a message is returned, announced by DELIVERBY.',
    initial: 60_000,
    unit: 'ms',
    source: 'one attempt, and the connection may be slow',
  },
} as const satisfies Record<keyof SubmissionLimits, Limit>;

export const DEFAULT_SUBMISSION: SubmissionLimits = defaultsOf(SUBMISSION);
