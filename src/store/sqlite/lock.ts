import { DatabaseSync } from '@photostructure/sqlite';
import { StoreError } from '../port.js';
import { BUSY_MS, type Database } from './worker/database.js';
import { isBusy, openingError } from './errors.js';
import { addingLockFile, lockFile, makePrivateFile } from './folder.js';

/** Proof that no other server runs on the folder. */
export interface FolderLock {
  release(): void;
}

/** How long a server waits for the lock, in milliseconds: {@link isServed} holds it for a moment. */
const LOOK_MS = 250;

/**
 * Takes the data folder for one server.
 *
 * The lock is an open transaction on a file of its own, in which nothing is ever written. The kernel holds it, so a
 * process that dies in any way releases it. The database itself stays free for commands that run beside the server.
 *
 * @throws StoreError `in-use`, `unreadable`
 */
export function lockFolder(directory: string): FolderLock {
  return lock(
    directory,
    lockFile(directory),
    LOOK_MS,
    `another server runs on the data folder ${directory}; stop it or give another folder`,
  );
}

/**
 * Takes the ids of commands for one command, by a lock as {@link lockFolder} has it. Waits for another command for some
 * seconds.
 *
 * @throws StoreError `in-use`, `unreadable`
 */
export async function lockAdding(directory: string): Promise<FolderLock> {
  const file = addingLockFile(directory);
  try {
    await makePrivateFile(file);
  } catch (error) {
    throw openingError(error, directory);
  }
  return lock(
    directory,
    file,
    BUSY_MS,
    `another command adds messages to the data folder ${directory}; try again when it has ended`,
  );
}

/** @param wait milliseconds */
function lock(directory: string, file: string, wait: number, taken: string): FolderLock {
  let database: Database | undefined;
  try {
    database = new DatabaseSync(file, { timeout: wait });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (isBusy(error)) throw new StoreError('in-use', taken, { cause: error });
    throw openingError(error, directory);
  }
  const held = database;
  return { release: () => held.close() };
}

/**
 * Returns whether a server runs on the folder.
 *
 * @throws StoreError `unreadable`
 */
export function isServed(directory: string): boolean {
  try {
    lock(directory, lockFile(directory), 0, 'a server runs').release();
    return false;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'in-use') return true;
    throw error;
  }
}
