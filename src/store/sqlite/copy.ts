/** A data folder as the source or the target of a copy. */
import { journalRows, messagesIn } from '../copy/messages.js';
import {
  type Identity,
  type Key,
  type LastNumbers,
  type Progress,
  type Row,
  type Source,
  type Target,
} from '../copy/port.js';
import { notEmpty, progressIn, RECORD, recordOf } from '../copy/record.js';
import { PAGE_OCTETS, PAGE_ROWS, type Section, SECTIONS } from '../copy/sections.js';
import {
  columnNames,
  countStatement,
  type FormsBySection,
  formsOf,
  readStatement,
  written,
} from '../copy/statements.js';
import { openingError, operationError } from './errors.js';
import { prepareFolder } from './folder.js';
import { type FolderLock, lockFolder } from './lock.js';
import { type Database, openDatabase, type Statement } from './worker/database.js';
import { COUNT_TAGS } from './worker/migrations.js';
import { recover } from './worker/recover.js';

const FORMS: FormsBySection = {
  session: { columns: { domain_id: { read: 'coalesce(domain_id, 0)', write: (id) => `nullif(${id}, 0)` } } },
  setting: { where: `name <> '${RECORD}'` },
  // A request that has no response ended with its server.
  idempotency_key: { where: 'response IS NOT NULL' },
  counted_name: { columns: { kind: { read: 'kind * 2', write: (kind) => `${kind} / 2` } } },
  // Others belong to uploads that were given up.
  chunk: { where: 'EXISTS (SELECT 1 FROM message WHERE id = message_id)' },
};

/**
 * Opens the data folder of a server to copy from it. First it ends the leases of a server that died.
 *
 * @throws StoreError `in-use`: a server runs on it; `newer`, `unreadable`
 */
export async function openSqliteSource(directory: string): Promise<Source> {
  const { database, lock } = await openLocked(directory);
  const folder = new CopyFolder(directory, database, lock);
  folder.do(() => {
    recover(database);
    // From the first read on, what commands change is not seen.
    database.exec('BEGIN');
  });
  return folder;
}

/**
 * Opens a data folder to copy to it; it is made if it is missing.
 *
 * @throws StoreError `in-use`: a server runs on it; `newer`, `unreadable`
 */
export async function openSqliteTarget(directory: string): Promise<Target> {
  const { database, lock } = await openLocked(directory);
  return new CopyFolder(directory, database, lock);
}

async function openLocked(directory: string): Promise<{ database: Database; lock: FolderLock }> {
  await prepareFolder(directory);
  const lock = lockFolder(directory);
  try {
    return { database: openDatabase(directory, { copies: true }), lock };
  } catch (error) {
    lock.release();
    throw openingError(error, directory);
  }
}

class CopyFolder implements Source, Target {
  readonly place: string;
  readonly #database: Database;
  readonly #lock: FolderLock;
  readonly #statements = new Map<string, Statement>();

  constructor(directory: string, database: Database, lock: FolderLock) {
    this.place = directory;
    this.#database = database;
    this.#lock = lock;
  }

  /** Runs work on the database. @throws StoreError */
  do<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw operationError(error, this.place);
    }
  }

  identity(): Promise<Identity> {
    return this.#ask(() => {
      const row: unknown = this.#prepared(
        'SELECT count(*) AS messages, coalesce(max(id), 0) AS greatest FROM message',
      ).get();
      return { place: this.place, ...(row as Pick<Identity, 'messages' | 'greatest'>) };
    });
  }

  count(section: Section): Promise<number> {
    return this.#ask(() => {
      const row: unknown = this.#prepared(countStatement(section, formsOf(FORMS, section))).get();
      return (row as { count: number }).count;
    });
  }

  read(section: Section, after: Key | null): Promise<Row[]> {
    return this.#ask(() => {
      const statement = this.#prepared(
        `${readStatement(section, formsOf(FORMS, section), (at) => `?${at + 1}`, after !== null)} LIMIT ${PAGE_ROWS}`,
      );
      const rows: Row[] = [];
      let octets = 0;
      for (const row of statement.iterate(...(after ?? []))) {
        const values = Object.values(row as Record<string, Row[number]>).map(cleaned);
        rows.push(values);
        for (const value of values) if (value instanceof Uint8Array) octets += value.length;
        if (octets >= PAGE_OCTETS) break;
      }
      return rows;
    });
  }

  lastNumbers(): Promise<LastNumbers> {
    return this.#ask(() => {
      const rows = this.#prepared('SELECT name, seq FROM sqlite_sequence').all() as {
        name: string;
        seq: number;
      }[];
      const last = (table: string) => rows.find(({ name }) => name === table)?.seq ?? 0;
      return { webhookEvent: last('webhook_event'), webhookCall: last('webhook_call') };
    });
  }

  progress(): Promise<Progress | null> {
    return this.#ask(() => {
      const row: unknown = this.#prepared('SELECT value FROM setting WHERE name = ?').get(RECORD);
      if (row !== undefined) return progressIn((row as { value: string }).value);
      for (const { name } of SECTIONS) {
        if (this.#prepared(`SELECT 1 FROM ${name} LIMIT 1`).get() !== undefined)
          throw notEmpty(name, this.place);
      }
      return null;
    });
  }

  write(section: Section, rows: readonly Row[], progress: Progress): Promise<void> {
    return this.#change(() => {
      const forms = formsOf(FORMS, section);
      const values = section.columns.map(({ name }) => written(forms, name, '?'));
      const insert = this.#prepared(
        `INSERT INTO ${section.name} (${columnNames(section, forms).join(', ')}) VALUES (${values.join(', ')})`,
      );
      for (const row of rows) insert.get(...row);
      if (section.name === 'message') this.#noteMessages(section, rows);
      this.#record(progress);
    });
  }

  complete(progress: Progress, { webhookEvent, webhookCall }: LastNumbers): Promise<void> {
    return this.#change(() => {
      for (const [table, last] of Object.entries({
        webhook_event: webhookEvent,
        webhook_call: webhookCall,
      })) {
        this.#prepared('DELETE FROM sqlite_sequence WHERE name = ?').run(table);
        this.#prepared('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, last);
      }
      this.#database.exec(`DELETE FROM tag_count; ${COUNT_TAGS}`);
      this.#record(progress);
    });
  }

  finish(): Promise<void> {
    return this.#ask(() => {
      this.#database.exec('PRAGMA synchronous = FULL');
      this.#prepared('DELETE FROM setting WHERE name = ?').run(RECORD);
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    });
  }

  close(): Promise<void> {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    this.#database.close();
    this.#lock.release();
    return Promise.resolve();
  }

  /** Notes tags by their names, and what the index of words lacks. */
  #noteMessages(section: Section, rows: readonly Row[]): void {
    const messages = messagesIn(section, rows);
    const addTag = this.#prepared('INSERT INTO tag (name, message_id, domain_id) VALUES (?, ?, ?)');
    for (const { id, domainId, tags } of messages) for (const tag of tags) addTag.get(tag, id, domainId);
    const note = this.#prepared('INSERT INTO search_journal (messages) VALUES (?)');
    for (const ids of journalRows(messages)) note.get(ids.join());
  }

  #record(progress: Progress): void {
    this.#prepared('INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)').run(
      RECORD,
      recordOf(progress),
    );
  }

  /** Without a sync: an interrupted copy goes on with what is there. */
  #change(work: () => void): Promise<void> {
    return this.#ask(() => {
      this.#database.exec('PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE');
      try {
        work();
        this.#database.exec('COMMIT');
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #ask<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      resolve(this.do(work));
    });
  }

  #prepared(text: string): Statement {
    let statement = this.#statements.get(text);
    if (statement === undefined) this.#statements.set(text, (statement = this.#database.prepare(text)));
    return statement;
  }
}

/** As PostgreSQL keeps a text, so that both sides of a copy are the same. */
function cleaned(value: Row[number]): Row[number] {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
}
