/** Units of a size in octets, greatest first. If two fit equally well, the binary one is written. */
const UNITS = [
  ['GiB', 1024 ** 3],
  ['GB', 1000 ** 3],
  ['MiB', 1024 ** 2],
  ['MB', 1000 ** 2],
  ['KiB', 1024],
  ['KB', 1000],
] as const;

/** The form of a size, for error messages. */
export const SIZE_FORM =
  'a whole number of octets, or one with a unit (KiB, MiB, GiB of 1024; KB, MB, GB of 1000), such as 50MiB';

/**
 * Reads `50MiB`, `10MB`, `512KiB`, `100B` and a plain number of octets. Units may be in any case. `50M` is refused,
 * because it means 1000 to some people and 1024 to others.
 *
 * @returns octets, or undefined if the text is not a size
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,16})\s*([KMG]i?B|B)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const name = (match[2] ?? 'B').toLowerCase();
  const unit = UNITS.find(([candidate]) => candidate.toLowerCase() === name)?.[1] ?? 1;
  const octets = Number(match[1]) * unit;
  return Number.isSafeInteger(octets) ? octets : undefined;
}

/** Writes octets in the greatest unit that loses nothing, or as a plain number. {@link parseSize} reads it back. */
export function formatSize(octets: number): string {
  const unit = octets === 0 ? undefined : UNITS.find(([, length]) => octets % length === 0);
  return unit === undefined ? String(octets) : `${String(octets / unit[1])}${unit[0]}`;
}
