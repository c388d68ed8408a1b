/**
 * Units of a duration in milliseconds, longest first. Months and years are left out, since they have no fixed length.
 */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** The form of a duration, for error messages. */
export const DURATION_FORM = 'a whole number with a unit (ms, s, m, h, d), such as 30s, 5m or 48h';

/**
 * Reads `500ms`, `30s`, `5m`, `48h`, `7d` and a bare `0`. A bare number other than zero is refused, since it could
 * mean seconds or milliseconds.
 *
 * @returns milliseconds, or undefined if the text is not a duration
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d{1,16})\s*(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNITS.find(([name]) => name === match?.[2]);
  if (match === null || unit === undefined) return undefined;
  const milliseconds = Number(match[1]) * unit[1];
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** Writes milliseconds in the longest unit that loses nothing. {@link parseDuration} reads it back. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const [name, length] = UNITS.find(([, length]) => milliseconds % length === 0) ?? ['ms', 1];
  return `${String(milliseconds / length)}${name}`;
}
