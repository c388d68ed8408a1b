import { access } from 'node:fs/promises';
import type { Store } from '../../store/port.js';
import { CliError } from '../error.js';
import { openStore, type StorePlace } from '../open-store.js';

/**
 * Opens the store, also if a server runs on it, calls `use` and closes the store again.
 *
 * @param create whether a store is made in a folder that lacks one; a command that only reads must not leave a folder
 * for a mistyped name. A database is always given its tables.
 * @param adds whether the command adds messages. Default: false
 */
export async function withStore<T>(
  place: StorePlace,
  { create, adds = false }: { readonly create: boolean; readonly adds?: boolean },
  use: (store: Store) => Promise<T>,
): Promise<T> {
  if (!create && place.store.url === null) await expectStore(place.data);
  const store = await openStore(place, { serves: false, adds });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Returns whether a folder has a store, or may have one that this user cannot see. */
export async function hasStore(directory: string): Promise<boolean> {
  const { databaseFile } = await import('../../store/sqlite/folder.js');
  try {
    await access(databaseFile(directory));
    return true;
  } catch (error) {
    // The store reports anything else, such as a folder that may not be entered.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
}

/**
 * Checks that a folder has a store.
 *
 * @throws CliError if it lacks one
 */
export async function expectStore(directory: string): Promise<void> {
  if (await hasStore(directory)) return;
  throw new CliError(
    `there is no Postern data in ${directory}; name its folder with --data DIR or POSTERN_DATA, ` +
      'or begin one with "postern serve" or "postern domain add NAME"',
  );
}
