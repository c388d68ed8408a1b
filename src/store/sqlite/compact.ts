import { statSync } from 'node:fs';
import { openDatabase } from './worker/database.js';
import { openingError, operationError } from './errors.js';
import { databaseFile } from './folder.js';
import { lockFolder } from './lock.js';

/**
 * Writes the database anew, without unused space. While it works, it needs as much space again as the data has, and no
 * other process may write. Returns the octets that it gave back.
 *
 * @throws StoreError `in-use`: a server runs on the folder; `full`, `failed`, `unreadable`
 */
export function compactFolder(directory: string): number {
  const lock = lockFolder(directory);
  try {
    const before = statSync(databaseFile(directory)).size;
    const database = open(directory);
    try {
      database.exec('VACUUM');
    } catch (error) {
      throw operationError(error, directory);
    } finally {
      database.close();
    }
    return Math.max(0, before - statSync(databaseFile(directory)).size);
  } finally {
    lock.release();
  }
}

function open(directory: string): ReturnType<typeof openDatabase> {
  try {
    return openDatabase(directory);
  } catch (error) {
    throw openingError(error, directory);
  }
}
