import { closeSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { StoreError } from '../port.js';
import { openingError, operationError, reason, systemCode } from './errors.js';
import { openDatabase } from './worker/database.js';

/** The counts and the file of a copy. */
interface Backup {
  readonly messages: number;
  readonly octets: number;
}

/**
 * Copies the database into a new file, also while a server runs on it: everything that was committed before the call
 * is in it, and nothing that is only partly written. The file has mode 0600. It appears under its name after it was
 * opened and checked, and is then on stable storage.
 *
 * `VACUUM INTO` reads from one snapshot. SQLite's backup API begins anew with each commit of another process, and so
 * never ends on a busy server.
 *
 * @throws StoreError `failed`: the file exists already, cannot be written or is damaged; `full`; `unreadable`, `newer`
 */
export function backupFolder(directory: string, file: string): Backup {
  const temporary = `${file}.part`;
  try {
    // VACUUM INTO takes an empty file, and would make its own with the mode that the umask gives.
    closeSync(openSync(temporary, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw targetError(error, temporary);
    throw new StoreError(
      'failed',
      `${temporary} exists: another backup to ${file} is under way, or one was interrupted; ` +
        'remove it if none is, or give another name',
      { cause: error },
    );
  }
  try {
    copyInto(directory, temporary);
    const found = check(temporary);
    sync(temporary);
    // Unlike a rename, a link replaces nothing.
    linkSync(temporary, file);
    return found;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw targetError(error, file);
  } finally {
    rmSync(temporary, { force: true });
    sync(dirname(file));
  }
}

function copyInto(directory: string, file: string): void {
  let database;
  try {
    database = openDatabase(directory);
  } catch (error) {
    throw openingError(error, directory);
  }
  try {
    database.prepare('VACUUM INTO ?').run(file);
  } catch (error) {
    throw operationError(error, dirname(file));
  } finally {
    database.close();
  }
}

/** Opens a copy and reads all of it. */
function check(file: string): Backup {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const one = (sql: string): unknown => {
      const row = database.prepare(sql).get() as Record<string, unknown>;
      return Object.values(row)[0];
    };
    const result = one('PRAGMA quick_check(1)');
    if (result !== 'ok') throw new StoreError('failed', `the copy ${file} is damaged: ${String(result)}`);
    return {
      messages: Number(one('SELECT count(*) FROM message')),
      octets: Number(one('PRAGMA page_count')) * Number(one('PRAGMA page_size')),
    };
  } finally {
    database.close();
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function targetError(error: unknown, file: string): StoreError {
  if (systemCode(error) === 'EEXIST') {
    return new StoreError('failed', `${file} exists already; give the name of a new file`, { cause: error });
  }
  return new StoreError('failed', `cannot write the backup ${file}: ${reason(error)}`, { cause: error });
}
