const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Returns octets as people read them: `1.4 MiB`. */
export function sizeText(octets: number): string {
  let value = octets;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? 'B'}`;
}

const grouped = new Intl.NumberFormat('en');

/** Returns a number with a comma between thousands. */
export function countText(count: number): string {
  return grouped.format(count);
}

/** Returns a count with its noun: `1 message`, `2 messages`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`;
}
