import { defaultsOf } from '../../base/limit.js';
import { MIME } from './limits.js';

/**
 * Thrown if a message cannot be parsed without loss, or only with more work than allowed. The text of the error is for
 * the sender of the mail, in one line.
 */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  constructor(
    /** The enhanced status code (RFC 3463). */
    readonly enhancedCode: string,
    message: string,
  ) {
    super(message);
  }
}

export type MimeLimits = Readonly<Record<keyof typeof MIME, number>>;

export const MIME_LIMITS: MimeLimits = defaultsOf(MIME);

/** "its mail system cannot take a message of this size" (RFC 3463 3.4, X.3.4). */
const TOO_BIG = '5.3.4';

/** The kinds of work on one message that the reader counts against its {@link MimeLimits}. */
type Counted = 'lines' | 'fields' | 'parts' | 'text';

const WORDS: Readonly<Record<Counted, string>> = {
  lines: 'lines',
  fields: 'header fields',
  parts: 'parts',
  text: 'octets of text',
};

/** Counts the work on one message, and throws if it is more than allowed. */
export class Work {
  readonly done: Record<Counted, number> = { lines: 0, fields: 0, parts: 0, text: 0 };

  constructor(readonly limits: MimeLimits = MIME_LIMITS) {}

  /**
   * Adds to a count.
   *
   * @throws Unreadable if the count is now above its limit
   */
  count(what: Counted, more = 1): void {
    const done = this.done[what] + more;
    this.done[what] = done;
    if (done > this.limits[what]) {
      throw new Unreadable(TOO_BIG, `the message has more than ${this.limits[what]} ${WORDS[what]}`);
    }
  }
}
