/**
 * The index of words: a database of its own beside the store, so that accepts do not wait for it, and that a lost or
 * damaged one is made anew.
 *
 * It consists of parts. Each covers a range of ids and is a table of FTS5 without content, that is, words and ids
 * alone. So the work for one part is bounded, whatever is searched for, and a part whose messages have all been removed
 * is dropped whole.
 *
 * - `part.first`: the least id of its range, which ends at the next part. The last part has no end.
 * - Ids below the first part are not indexed yet. Parts grow down to them, the newest messages first.
 * - `progress`: the last row of the store's `search_journal` that is indexed, and what that row says. If the store has
 *   another text in that row, or none, the index belongs to another store, or to another state of it, and is not used.
 */
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Database } from '../worker/database.js';
import { WORD_COLUMNS } from './words.js';

/** Changes with what is indexed, and how: an index of another version is made anew. */
const VERSION = 2;
/** Page cache of one connection. */
const CACHE_KIB = 4 * 1024;
const BUSY_MS = 5000;

export interface Part {
  readonly id: number;
  readonly first: number;
  readonly documents: number;
}

export interface IndexProgress {
  readonly journal: number;
  readonly entry: string;
}

export function indexFile(directory: string): string {
  return join(directory, 'postern-search.db');
}

export function removeIndex(directory: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${indexFile(directory)}${end}`, { force: true });
}

/** Opens the index for changes, or makes an empty database. Throws whatever SQLite throws. */
export function openIndex(directory: string): Database {
  // SQLite opens an existing file. Its own would have the mode that the umask gives, and these are the words of mail.
  closeSync(openSync(indexFile(directory), 'a', 0o600));
  const database = new DatabaseSync(indexFile(directory), { timeout: BUSY_MS });
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -${CACHE_KIB};
    `);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens the index for questions. Throws if it is missing. */
export function openIndexToRead(directory: string): Database {
  const database = new DatabaseSync(indexFile(directory), { timeout: BUSY_MS, readOnly: true });
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  return database;
}

/** Returns how far the index is; null if the database is empty or of another version. */
export function progressOf(database: Database): IndexProgress | null {
  const { user_version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (user_version !== VERSION) return null;
  return (database.prepare('SELECT journal, entry FROM progress').get() as IndexProgress | undefined) ?? null;
}

/** Returns the parts, the newest first. */
export function partsOf(database: Database): Part[] {
  const parts = database.prepare('SELECT id, first, documents FROM part ORDER BY first DESC');
  const rows = parts.all() as Part[];
  return rows;
}

/** Makes the tables. Within a transaction. */
export function createIndex(database: Database, { journal, entry }: IndexProgress): void {
  database.exec(`
    CREATE TABLE part (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, documents INTEGER NOT NULL) STRICT;
    CREATE TABLE progress (journal INTEGER NOT NULL, entry TEXT NOT NULL) STRICT;
    PRAGMA user_version = ${VERSION};
  `);
  database.prepare('INSERT INTO progress VALUES (?, ?)').run(journal, entry);
}

export function wordsTable(part: number): string {
  return `words_${part}`;
}

/** Makes the table of a part. Tokens come ready: words of ASCII in lower case, and other characters as they are. */
export function createWordsTable(database: Database, part: number): void {
  const columns = WORD_COLUMNS.join(', ');
  database.exec(
    `CREATE VIRTUAL TABLE ${wordsTable(part)} USING fts5(${columns}, content = '', tokenize = 'ascii')`,
  );
}
