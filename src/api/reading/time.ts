/** How a time is written, in words for an error message. */
export const TIME_FORM =
  'a day such as 2026-11-29, a time such as 2026-11-29T08:00:00Z, or how long ago, such as 7d or 12h';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a time: an ISO 8601 day (its begin, in UTC), an ISO 8601 time with its offset, or how long ago it was.
 *
 * @returns milliseconds since the epoch; null if it is not a time
 */
export function parseTime(text: string, now: number): number | null {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return null;
  const time = Date.parse(text);
  // Date.parse takes the 31st of February for the 3rd of March.
  const isDay =
    !Number.isNaN(time) &&
    new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10));
  return isDay && time >= 0 ? time : null;
}

/**
 * Reads how long to wait, such as `5s` or `500ms`.
 *
 * @returns milliseconds; null if it is not a duration
 */
export function parseWait(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})(ms|s)$/.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (unit === 's' ? 1000 : 1);
}
