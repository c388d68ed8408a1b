/**
 * A date-time (RFC 5322 3.3) in UTC: `Tue, 28 Jul 2026 12:00:00 +0000`.
 * @param time milliseconds since the epoch
 */
export function formatDate(time: number): string {
  // The form of toUTCString is fixed by ECMA-262; GMT as a zone is obsolete (RFC 5322 4.3).
  return new Date(time).toUTCString().replace('GMT', '+0000');
}
