/** The last text that was made. Under load many messages have the same second. */
let last = { second: NaN, text: '' };

/**
 * Returns a date-time (RFC 5322 3.3) in UTC: `Tue, 28 Jul 2026 12:00:00 +0000`.
 * @param time milliseconds since the epoch
 */
export function formatDate(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== last.second) {
    // ECMA-262 fixes the form of toUTCString. GMT as a zone is obsolete (RFC 5322 4.3).
    last = { second, text: new Date(time).toUTCString().replace('GMT', '+0000') };
  }
  return last.text;
}
