/** How a message came in, between the contract's shape and its column. */
import type { Origin } from '../mail.js';

const UNKNOWN: Origin = { way: 'smtp', listener: null, hello: null };

/**
 * The last column that was made. An app says the same hello on all its connections, and JSON took half as long as all other
 * columns together.
 */
let last = { listener: '', hello: '', column: '' };

/** A JSON array; null if it came by SMTP and nothing else is known. */
export function originColumn(origin: Partial<Origin> = {}): string | null {
  const { way = 'smtp', listener = null, hello = null } = origin;
  if (way === 'smtp' && listener === null && hello === null) return null;
  if (way !== 'smtp' || listener === null || hello === null) return JSON.stringify([way, listener, hello]);
  if (last.listener !== listener || last.hello !== hello) {
    last = { listener, hello, column: JSON.stringify([way, listener, hello]) };
  }
  return last.column;
}

export function originOf(column: string | null): Origin {
  if (column === null) return UNKNOWN;
  const [way, listener, hello] = JSON.parse(column) as [Origin['way'], string | null, string | null];
  return { way, listener, hello };
}
