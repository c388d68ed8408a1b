/** Returns a share as a percentage: `0.3 %`, `12 %`. */
export function shareText(share: number): string {
  const percent = share * 100;
  const digits = percent === 0 || percent >= 99.95 || (percent >= 10 && Number.isInteger(percent)) ? 0 : 1;
  return `${percent.toFixed(digits)} %`;
}

/** Returns a number of milliseconds as people read it: `340 ms`, `1.2 s`, `4 min`, `3 h`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;
  const [size, unit] = units.find(([each]) => milliseconds >= each) ?? [1_000, 's'];
  const value = milliseconds / size;
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)} ${unit}`;
}

/** The statistics count what was delivered within this time together: they do not know how far below it a time is. */
const LEAST_DISTINGUISHED = 100;

/** Returns a time to delivery, in milliseconds, as the statistics know it. */
export function deliveryTimeText(milliseconds: number): string {
  return milliseconds <= LEAST_DISTINGUISHED ? '≤ 100 ms' : durationText(milliseconds);
}

/** Returns a count for an axis: `950`, `1.2k`, `3M`. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(Math.round(count * 100) / 100);
  const [size, unit] = count < 1_000_000 ? [1_000, 'k'] : [1_000_000, 'M'];
  return `${Math.round((count / size) * 10) / 10}${unit}`;
}
