/**
 * When a recipient is due after the clock was put back. Times that were written while the clock was ahead lie too
 * far in the future: without a correction the mail would wait as long as the clock was ahead. Pure.
 */

/** The due time of a message, or an event of a webhook, that a person wants tried now: before all others, and not a time of the clock. */
export const DUE_AT_ONCE = 0;

/** All times in milliseconds since the epoch. */
export interface DueTime {
  readonly nextAttemptAt: number;
  /** When the last attempt ended; null if there was none. */
  readonly lastAttemptAt: number | null;
  readonly receivedAt: number;
  /** The release time that the sender asked for (RFC 4865); null for none. */
  readonly releaseAt: number | null;
}

/**
 * Returns the time at which the recipient is due instead, or null if its time stands.
 *
 * A time is wrong if it is more than `longest` ahead, or if what it was computed from lies in the future itself: the
 * last attempt, or the receipt of the message. The gap since the last attempt is kept, up to `longest`. Without an
 * attempt the recipient is due now, unless the release time of its message is still ahead.
 *
 * @param longest the longest gap between two attempts, in milliseconds
 */
export function cappedDue(
  { nextAttemptAt, lastAttemptAt, receivedAt, releaseAt }: DueTime,
  now: number,
  longest: number,
): number | null {
  if (nextAttemptAt <= now) return null;
  const tooFar = nextAttemptAt - now > longest;
  if (lastAttemptAt === null) {
    if (releaseAt !== null && releaseAt > now) return null;
    return tooFar || receivedAt > now ? now : null;
  }
  const gap = nextAttemptAt - lastAttemptAt;
  if (!tooFar && !(lastAttemptAt > now && gap > 0)) return null;
  return now + Math.min(Math.max(gap, 0), longest);
}
