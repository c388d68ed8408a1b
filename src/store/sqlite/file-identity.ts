import { statSync } from 'node:fs';

/** Returns device and number of a file: another file at the same path has others. Returns null if it is missing. */
export function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
