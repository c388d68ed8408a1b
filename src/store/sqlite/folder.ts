/** The data folder and the names in it. */
import { constants, type Stats } from 'node:fs';
import { access, chmod, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../base/private-folder.js';
import { StoreError } from '../port.js';
import { openingError, reason, systemCode } from './errors.js';

/** The mode of the files in the folder. */
const PRIVATE = 0o600;
/** The bits of a mode that give access to users other than the owner. */
const OTHERS = 0o077;

export function databaseFile(directory: string): string {
  return join(directory, 'postern.db');
}

export function lockFile(directory: string): string {
  return join(directory, 'postern.lock');
}

/** The lock of commands that add messages. */
export function addingLockFile(directory: string): string {
  return join(directory, 'postern-adding.lock');
}

/**
 * Makes the data folder if it is missing, and checks that it can be used. Only its owner can read what is made here,
 * for any umask: it is people's mail.
 *
 * @throws StoreError `unreadable`, `full`
 */
export async function prepareFolder(directory: string): Promise<void> {
  try {
    await makePrivateFolder(directory);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    await expectWholeDatabase(directory);
    // SQLite opens an existing file. It gives its other files the mode of the database.
    for (const file of [databaseFile(directory), lockFile(directory)]) await makePrivateFile(file);
  } catch (error) {
    throw folderError(error, directory);
  }
}

/**
 * Creates an empty file if it is missing. If its mode gives access to others, as an earlier version did, the mode is
 * corrected.
 */
export async function makePrivateFile(file: string): Promise<void> {
  const kept = await statIfThere(file);
  // Opening anything else might wait for ever: a FIFO without a reader does.
  if (kept !== null && !kept.isFile()) {
    throw new StoreError('unreadable', `${file} is not a file; remove it or give another data folder`);
  }
  if (kept === null) await (await open(file, 'a', PRIVATE)).close();
  else if ((kept.mode & OTHERS) !== 0) await chmod(file, kept.mode & ~OTHERS).catch(() => undefined);
}

/**
 * SQLite takes a database without octets for a new one, and throws away the log beside it, which may hold messages.
 *
 * @throws StoreError `unreadable`
 */
async function expectWholeDatabase(directory: string): Promise<void> {
  const file = databaseFile(directory);
  const database = await statIfThere(file);
  if (database !== null && (!database.isFile() || database.size > 0)) return;
  const log = await statIfThere(`${file}-wal`);
  if (log === null || log.size === 0) return;
  throw new StoreError(
    'unreadable',
    `${file} is ${database === null ? 'missing' : 'empty'}, but ${file}-wal beside it holds data; ` +
      'restore both, or move the -wal file away to begin a new store',
  );
}

async function statIfThere(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function folderError(error: unknown, directory: string): StoreError {
  const options = { cause: error };
  switch (systemCode(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return new StoreError(
        'unreadable',
        `the data folder ${directory} is not a folder; remove the file or give another folder`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StoreError(
        'unreadable',
        `the data folder ${directory} cannot be written (${reason(error)}); ` +
          'make it writable for this user or give another folder',
        options,
      );
    default:
      return openingError(error, directory);
  }
}
