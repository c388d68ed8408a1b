const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Writes octets for people, in three digits or so: `999 octets`, `1.5 KiB`, `120 GiB`. */
export function shownSize(octets: number): string {
  if (octets < 1024) return `${octets} octets`;
  const power = Math.min(UNITS.length, Math.floor(Math.log(octets) / Math.log(1024)));
  const value = octets / 1024 ** power;
  return `${value < 100 ? Number(value.toFixed(1)) : Math.round(value)} ${UNITS[power - 1] ?? ''}`;
}
