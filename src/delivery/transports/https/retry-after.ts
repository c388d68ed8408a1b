import { DELIVERY } from '../../limits.js';

/**
 * Retry-After (RFC 9110 10.2.3): seconds, or a date. What asks for more than is granted to anybody is a mistake, or
 * does not mean this message.
 *
 * @returns milliseconds from `now`; undefined where it is neither
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  // Date.parse takes all sorts of things; a date here begins with the name of a day.
  const time = /^\d+$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2,8}\b/.test(text)
      ? Date.parse(text) - now
      : NaN;
  return Number.isNaN(time) ? undefined : Math.min(Math.max(time, 0), DELIVERY.retryAfter.initial);
}
