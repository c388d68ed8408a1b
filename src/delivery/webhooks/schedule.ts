/** Times that an event is told again, before its webhook is switched off. */
export const RETRIES = 10;

const FIRST = 10_000;
const GROWTH = 3;
const LONGEST = 6 * 3_600_000;
/** Part of a gap that is added at random, so that events do not all come back at once. */
const JITTER = 0.1;

/**
 * How long to wait before an event is told again: 10 seconds, then three times as long each time, 6 hours at
 * most. All ten together make about a day.
 *
 * @param attempts how often it has been told again already: 0 to {@link RETRIES} - 1
 * @param random from 0 to 1
 * @returns milliseconds, whole ones
 */
export function gapAfter(attempts: number, random: number): number {
  return Math.round(Math.min(FIRST * GROWTH ** attempts, LONGEST) * (1 + JITTER * random));
}
