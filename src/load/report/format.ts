/** Formats figures for people: about three digits and a fitting unit. */

/** Formats an integer: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Formats a number: `12,345`, `123.4`, `1.234`. Small numbers keep more digits. */
export function figure(value: number): string {
  if (value >= 999.95 || value === 0) return count(value);
  return value.toFixed(value >= 100 ? 1 : value >= 10 ? 2 : 3);
}

/** Formats microseconds: `85 µs`, `1.23 ms`, `2.10 s`. */
export function time(microseconds: number): string {
  if (microseconds < 1000) return `${Math.round(microseconds)} µs`;
  if (microseconds < 1_000_000) return `${digits(microseconds / 1000)} ms`;
  return `${digits(microseconds / 1_000_000)} s`;
}

/** Formats octets: `512 B`, `12.3 MiB`. */
export function octets(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at++;
  }
  return `${at === 0 ? Math.round(value) : digits(value)} ${units[at] ?? ''}`;
}

/** Formats seconds: `9.8 s`, `2 min 5 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 100) return `${digits(seconds)} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`;
}

function digits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
