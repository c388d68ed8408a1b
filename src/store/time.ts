export const MINUTE = 60_000;
/** The units in which counters are kept, in milliseconds. */
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Returns the beginning of the unit that a time is in. */
export function floor(at: number, unit: number): number {
  return Math.floor(at / unit) * unit;
}
