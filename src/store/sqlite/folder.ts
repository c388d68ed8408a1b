/** The data folder and the names in it. */
import { constants } from 'node:fs';
import { access, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../port.js';
import { openingError, reason, systemCode } from './errors.js';

export function databaseFile(directory: string): string {
  return join(directory, 'postern.db');
}

export function lockFile(directory: string): string {
  return join(directory, 'postern.lock');
}

/**
 * Makes the data folder where it is missing, and sees that it can be used. Nobody but the owner gets at
 * what is made here: it is people's mail.
 *
 * @throws StoreError `unreadable`, `full`
 */
export async function prepareFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    // SQLite gives its other files the mode of this one.
    await (await open(databaseFile(directory), 'a', 0o600)).close();
  } catch (error) {
    throw folderError(error, directory);
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
