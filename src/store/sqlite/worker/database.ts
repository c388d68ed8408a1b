/** Opening the database file: what it must be, and how SQLite is set to work on it. */
import { DatabaseSync } from '@photostructure/sqlite';
import { RECORD, unfinished } from '../../copy/record.js';
import { StoreError } from '../../port.js';
import { isBusy } from '../errors.js';
import { databaseFile } from '../folder.js';
import { MIGRATIONS } from './migrations.js';

export type Database = InstanceType<typeof DatabaseSync>;
export type Statement = ReturnType<Database['prepare']>;

/** "PSTN": marks our files among SQLite databases. */
const APPLICATION_ID = 0x5053544e;
/** How long to wait for another process that writes. Its transactions take milliseconds. */
export const BUSY_MS = 10_000;
/** Page cache: enough for the upper levels of every tree at a million messages. Bounds memory. */
export const CACHE_KIB = 8 * 1024;
/** Pages of 4 KiB in the log before it is moved into the database: fewer, larger moves than by default. */
const CHECKPOINT_PAGES = 4096;
/** The log file is cut back to this after one has outgrown it. */
const LOG_OCTETS = 64 * 1024 * 1024;

/**
 * Opens the database of a data folder, makes or upgrades its schema.
 *
 * @param copies whether a copy to the folder that is not finished may be there. Default: it is refused
 * @throws StoreError `newer`, `unreadable`; or whatever SQLite throws
 */
export function openDatabase(directory: string, { copies = false } = {}): Database {
  const database = new DatabaseSync(databaseFile(directory), { timeout: BUSY_MS });
  try {
    checkOrigin(database, directory);
    // Room can be given back bit by bit. It takes effect where there is no table yet, or with a VACUUM.
    database.exec(`
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${LOG_OCTETS};
    `);
    migrate(database);
    if (!copies) refuseUnfinished(database, directory);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Begins a transaction that writes. Returns false at once if another process writes: a wait in here keeps the
 * thread from reading.
 */
export function beginWriting(database: Database): boolean {
  database.exec('PRAGMA busy_timeout = 0');
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  } finally {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  }
}

/** Runs reads that must see the database as it is at one moment. Not within a transaction. */
export function inSnapshot<T>(database: Database, read: () => T): T {
  database.exec('BEGIN');
  try {
    return read();
  } finally {
    database.exec('COMMIT');
  }
}

function pragma(database: Database, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] ?? 0;
}

/** Runs before anything is written: a file that is not ours is left as it was. */
function checkOrigin(database: Database, directory: string): void {
  const origin = pragma(database, 'application_id');
  const { objects } = database.prepare('SELECT count(*) AS objects FROM sqlite_schema').get() as {
    objects: number;
  };
  if (origin !== APPLICATION_ID && objects > 0) {
    throw new StoreError(
      'unreadable',
      `${databaseFile(directory)} is a database of some other program; give another data folder`,
    );
  }
  const version = pragma(database, 'user_version');
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      'newer',
      `the data folder ${directory} was written by a newer version (schema ${version}, ` +
        `this version knows up to ${MIGRATIONS.length}); upgrade, or give another data folder`,
    );
  }
}

function refuseUnfinished(database: Database, directory: string): void {
  const row: unknown = database.prepare('SELECT value FROM setting WHERE name = ?').get(RECORD);
  if (row !== undefined) throw unfinished((row as { value: string }).value, directory);
}

function migrate(database: Database): void {
  if (pragma(database, 'user_version') === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Asked again now that no other process writes: another process may have been first.
    const version = pragma(database, 'user_version');
    for (const step of MIGRATIONS.slice(version)) database.exec(step);
    if (version < MIGRATIONS.length) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
