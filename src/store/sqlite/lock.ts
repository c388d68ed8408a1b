import { DatabaseSync } from '@photostructure/sqlite';
import { StoreError } from '../port.js';
import type { Database } from './worker/database.js';
import { isBusy, openingError } from './errors.js';
import { lockFile } from './folder.js';

/** Proof that no other server runs on the folder. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the data folder for one server.
 *
 * The lock is an open transaction on a file of its own, in which nothing is ever written. The kernel holds it, so a
 * process that dies in any way releases it. The database itself stays free for commands that run beside the server.
 *
 * @throws StoreError `in-use`, `unreadable`
 */
export function lockFolder(directory: string): FolderLock {
  let database: Database | undefined;
  try {
    database = new DatabaseSync(lockFile(directory), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) {
      throw new StoreError(
        'in-use',
        `another server runs on the data folder ${directory}; stop it or give another folder`,
        { cause: error },
      );
    }
    throw openingError(error, directory);
  }
  const held = database;
  return { release: () => held.close() };
}
