/** The record of an unfinished copy, which its target keeps among its settings, so that servers and commands refuse it. */
import { StoreError } from '../port.js';
import type { Progress } from './port.js';

/** Name of the setting. */
export const RECORD = 'copy';

type KeyPart = string | number | { readonly hex: string };

/** Returns the text of the setting. */
export function recordOf({ after, ...progress }: Progress): string {
  const key =
    after?.map((part) => (part instanceof Uint8Array ? { hex: Buffer.from(part).toString('hex') } : part)) ??
    null;
  return JSON.stringify({ ...progress, after: key });
}

/** Reads the text of the setting. */
export function progressIn(record: string): Progress {
  const { after, ...progress } = JSON.parse(record) as Omit<Progress, 'after'> & { after: KeyPart[] | null };
  return {
    ...progress,
    after:
      after?.map((part) =>
        typeof part === 'object' ? new Uint8Array(Buffer.from(part.hex, 'hex')) : part,
      ) ?? null,
  };
}

/**
 * Returns the error with which a store is refused that a copy has not finished.
 *
 * @param place the store
 */
export function unfinished(record: string, place: string): StoreError {
  return new StoreError(
    'unreadable',
    `the copy from ${progressIn(record).from.place} to ${place} is not finished: go on with the same ` +
      '"postern store copy", or give another store',
  );
}

/** Returns the error of a copy to a store that has something already. */
export function notEmpty(table: string, place: string): StoreError {
  return new StoreError(
    'failed',
    `${place} is not empty (it has rows in ${table}); copy to a new database or folder`,
  );
}
