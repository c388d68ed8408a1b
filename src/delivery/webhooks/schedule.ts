/** How often an event is reported again before its webhook is switched off. */
export const RETRIES = 10;

const FIRST = 10_000;
const GROWTH = 3;
const LONGEST = 6 * 3_600_000;
/** Largest random part that is added to a gap, so that events do not all come back at once. */
const JITTER = 0.1;

/** The longest gap there is, in milliseconds. */
export const LONGEST_GAP = Math.round(LONGEST * (1 + JITTER));

/**
 * Returns how long to wait before an event is reported again: 10 seconds, then three times as long each time, at most
 * 6 hours. All ten together make about a day.
 *
 * @param attempts number of repetitions so far: 0 to {@link RETRIES} - 1
 * @param random from 0 to 1
 * @returns milliseconds, an integer
 */
export function gapAfter(attempts: number, random: number): number {
  return Math.round(Math.min(FIRST * GROWTH ** attempts, LONGEST) * (1 + JITTER * random));
}
