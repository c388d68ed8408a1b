import { access } from 'node:fs/promises';
import type { Store } from '../../store/port.js';
import { CliError } from '../error.js';

/**
 * Opens the store beside whatever server runs on it, and closes it again.
 *
 * @param create whether a folder without a store gets one; a command that reads must not leave a trace of a
 * mistyped name
 */
export async function withStore<T>(
  directory: string,
  { create }: { readonly create: boolean },
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const { openSqliteStore } = await import('../../store/sqlite/index.js');
  if (!create) await expectStore(directory);
  const store = await openSqliteStore({ directory, exclusive: false });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Fails where there is no store in a folder. @throws CliError */
export async function expectStore(directory: string): Promise<void> {
  const { databaseFile } = await import('../../store/sqlite/folder.js');
  try {
    await access(databaseFile(directory));
  } catch (error) {
    // Anything else, such as a folder that may not be entered, is for the store to tell.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return;
    throw new CliError(
      `there is no Postern data in ${directory}; name its folder with --data DIR or POSTERN_DATA, ` +
        'or begin one with "postern serve" or "postern domain add NAME"',
    );
  }
}
