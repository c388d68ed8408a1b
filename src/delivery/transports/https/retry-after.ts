import { DELIVERY } from '../../limits.js';

/**
 * Reads Retry-After (RFC 9110 10.2.3): seconds, or a date. If it asks for more than the largest wait that is allowed,
 * it is a mistake or does not mean this message, so the wait is cut to that limit.
 *
 * @returns milliseconds from `now`; undefined if the value is neither seconds nor a date
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  // Date.parse accepts many forms. A date here begins with the name of a day.
  const time = /^\d+$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2,8}\b/.test(text)
      ? Date.parse(text) - now
      : NaN;
  return Number.isNaN(time) ? undefined : Math.min(Math.max(time, 0), DELIVERY.retryAfter.initial);
}
