/** Fills the index of words, a bounded step at a time. `index-file.ts` has its form. */
import { DatabaseSync } from '@photostructure/sqlite';
import { databaseFile } from '../folder.js';
import { BUSY_MS, type Database, inSnapshot, type Statement } from '../worker/database.js';
import { Documents } from '../worker/documents.js';
import {
  createIndex,
  createWordsTable,
  openIndex,
  type Part,
  partsOf,
  progressOf,
  removeIndex,
  wordsTable,
} from './index-file.js';
import { JournalReader, type JournalRow, messagesIn } from './journal.js';
import { RemovedMessages } from './removed-messages.js';
import { columnsOf, WORD_COLUMNS } from './words.js';

/** Messages that one step indexes, in one transaction: some tenths of a second of a processor. */
const STEP_MESSAGES = 512;
/** Rows of the journal that one step reads. */
const STEP_ROWS = 512;
/**
 * Messages of a part. The larger a part, the longer a search for the beginning of a word that is in all of them; the
 * smaller, the more parts a search for a rare word goes through.
 */
export const PART_MESSAGES = 32_768;

export interface IndexingStep {
  /** The last row of the journal that is indexed. */
  readonly journal: number;
  /** Whether another step would find something to do. */
  readonly more: boolean;
  /** Rows of the journal after that one. */
  readonly behind: number;
}

export class Indexing {
  readonly #directory: string;
  readonly #partMessages: number;
  readonly #main: Database;
  readonly #documents: Documents;
  readonly #journal: JournalReader;
  readonly #below: Statement;
  readonly #any: Statement;
  readonly #removed: RemovedMessages;
  #index: Database;
  /** The part that is being made anew. */
  #sparse: number | null = null;
  /** The place of the part that is looked at next to find it. From the newest down, so that sparse parts become one. */
  #place = 1;

  /**
   * Opens the index beside the database of a data folder, and makes it anew if it does not belong to that database.
   *
   * @param partMessages default {@link PART_MESSAGES}
   */
  constructor(directory: string, partMessages = PART_MESSAGES) {
    this.#directory = directory;
    this.#partMessages = partMessages;
    this.#main = new DatabaseSync(databaseFile(directory), { timeout: BUSY_MS, readOnly: true });
    const content = this.#main.prepare('SELECT octets FROM chunk WHERE message_id = ? AND sequence = ?');
    this.#documents = new Documents(
      this.#main,
      (id, sequence) => (content.get(id, sequence) as { octets: Uint8Array } | undefined)?.octets ?? null,
    );
    this.#journal = new JournalReader(this.#main);
    this.#below = this.#main.prepare('SELECT id FROM message WHERE id < ? ORDER BY id DESC LIMIT ?');
    this.#any = this.#main.prepare('SELECT 1 FROM message WHERE id >= ? AND id < ? LIMIT 1');
    this.#removed = new RemovedMessages(this.#main);
    this.#index = this.#open();
  }

  /** Indexes some messages: first those that came in last, then older ones. */
  step(): IndexingStep {
    const progress = progressOf(this.#index);
    if (progress === null) throw new Error('the index of words has no progress');
    const rows = this.#journal.from(progress.journal + 1, STEP_ROWS);
    if (rows.length > 0) return this.#follow(rows);
    const more = this.#growDown() || this.#dropEmptyPart() || this.#renewSparsePart();
    return { journal: progress.journal, more, behind: 0 };
  }

  /** Makes the index anew: a search has found it damaged. */
  rebuild(): void {
    this.#index.close();
    removeIndex(this.#directory);
    this.#index = this.#open();
  }

  close(): void {
    this.#index.close();
    this.#main.close();
  }

  #open(): Database {
    try {
      const index = openIndex(this.#directory);
      if (this.#belongs(index)) return index;
      index.close();
    } catch {
      // Damaged, or not a database.
    }
    removeIndex(this.#directory);
    const index = openIndex(this.#directory);
    this.#begin(index);
    return index;
  }

  #belongs(index: Database): boolean {
    const progress = progressOf(index);
    if (progress === null) return false;
    const [row] = this.#journal.from(progress.journal, 1);
    return row !== undefined && row.id === progress.journal && row.messages === progress.entry;
  }

  /** Makes an index without messages: all that are stored are below its only part. */
  #begin(index: Database): void {
    const { last, greatest } = inSnapshot(this.#main, () => ({
      last: this.#journal.last(),
      greatest: (this.#below.get(Number.MAX_SAFE_INTEGER, 1) as { id: number } | undefined)?.id ?? 0,
    }));
    index.exec('BEGIN IMMEDIATE');
    createIndex(index, { journal: last.id, entry: last.messages });
    addPart(index, greatest + 1);
    index.exec('COMMIT');
  }

  /** Indexes the messages of rows of the journal. */
  #follow(rows: readonly JournalRow[]): IndexingStep {
    const ids: number[] = [];
    let last: JournalRow | undefined;
    for (const row of rows) {
      ids.push(...messagesIn(row));
      last = row;
      if (ids.length >= STEP_MESSAGES) break;
    }
    if (last === undefined) throw new Error('no rows');
    const { id, messages } = last;
    this.#change(() => {
      this.#add(ids);
      this.#index.prepare('UPDATE progress SET journal = ?, entry = ?').run(id, messages);
    });
    return { journal: id, more: true, behind: this.#journal.last().id - id };
  }

  /** Indexes messages below the first part. Returns false if there are none. */
  #growDown(): boolean {
    const parts = partsOf(this.#index);
    const bottom = parts.at(-1);
    if (bottom === undefined || bottom.first === 0) return false;
    // The part that new messages go to does not grow down.
    const isFull = parts.length === 1 || bottom.documents >= this.#partMessages;
    const room = this.#partMessages - (isFull ? 0 : bottom.documents);
    const rows = this.#below.all(bottom.first, Math.min(STEP_MESSAGES, room)) as { id: number }[];
    const ids = rows.map(({ id }) => id);
    const lowest = ids.at(-1) ?? 0;
    this.#change(() => {
      if (ids.length > 0 && isFull) addPart(this.#index, lowest);
      else this.#index.prepare('UPDATE part SET first = ? WHERE id = ?').run(lowest, bottom.id);
      this.#add(ids);
    });
    return true;
  }

  /** Adds messages to the parts of their ids. Those that are below all parts, removed or indexed are passed over. */
  #add(ids: readonly number[]): void {
    let parts = partsOf(this.#index);
    const documents = new Map(parts.map((part) => [part.id, part.documents]));
    // In rising order within a part: FTS5 writes a segment whenever an id is less than the one before.
    for (const id of [...new Set(ids)].sort((a, b) => a - b)) {
      let part = parts.find(({ first }) => first <= id);
      if (part === undefined) continue;
      if (part === parts[0] && (documents.get(part.id) ?? 0) >= this.#partMessages) {
        const greatest = greatestIn(this.#index, part);
        if (id > greatest) {
          addPart(this.#index, greatest + 1);
          parts = partsOf(this.#index);
          [part] = parts;
          if (part === undefined) continue;
        }
      }
      if (this.#addTo(part, id)) documents.set(part.id, (documents.get(part.id) ?? 0) + 1);
    }
    const count = this.#index.prepare('UPDATE part SET documents = ?1 WHERE id = ?2 AND documents <> ?1');
    for (const [id, number] of documents) count.run(number, id);
  }

  #addTo({ id: part }: Part, id: number): boolean {
    const table = wordsTable(part);
    if (this.#prepared(`SELECT 1 FROM ${table}_docsize WHERE id = ?`).get(id) !== undefined) return false;
    const document = this.#documents.find(id);
    if (document === null) return false;
    const columns = WORD_COLUMNS.join(', ');
    const values = WORD_COLUMNS.map(() => '?').join(', ');
    this.#prepared(`INSERT INTO ${table} (rowid, ${columns}) VALUES (?, ${values})`).run(
      id,
      ...columnsOf(document),
    );
    return true;
  }

  /** Drops a part of which no message is stored any more. Returns false if there is none. */
  #dropEmptyPart(): boolean {
    const parts = partsOf(this.#index);
    const at = parts.findIndex(
      ({ first, documents }, index) =>
        documents > 0 && index > 0 && this.#any.get(first, parts[index - 1]?.first ?? 0) === undefined,
    );
    const part = parts[at];
    if (part === undefined) return false;
    this.#change(() => dropPart(this.#index, part.id));
    this.#sparse = null;
    return true;
  }

  /**
   * Makes a part anew if most of its messages have been removed, some messages in each call: the part above takes over its
   * range from the top, with the messages that are left, until nothing of the range remains. So a part has at most twice as
   * many messages as are stored, and parts with few messages become one. Looks at one part in each call, by turns.
   *
   * @returns whether there was something to do
   */
  #renewSparsePart(): boolean {
    const parts = partsOf(this.#index);
    const at = this.#sparseAmong(parts);
    const [above, part] = [parts[at - 1], parts[at]];
    this.#sparse = part?.id ?? null;
    if (above === undefined || part === undefined) return false;
    // New messages go to the newest part, so it does not grow down.
    const isFull = at === 1 || above.documents >= this.#partMessages;
    const most = Math.min(STEP_MESSAGES, this.#partMessages - (isFull ? 0 : above.documents));
    const rows = this.#below.all(above.first, most) as { id: number }[];
    const ids = rows.map(({ id }) => id).filter((id) => id >= part.first);
    const lowest = ids.length < most ? part.first : (ids.at(-1) ?? part.first);
    const isDone = lowest === part.first;
    this.#change(() => {
      if (isDone) dropPart(this.#index, part.id);
      if (isFull && ids.length > 0) addPart(this.#index, lowest);
      else this.#index.prepare('UPDATE part SET first = ? WHERE id = ?').run(lowest, above.id);
      this.#add(ids);
    });
    // Its number may be given to another part.
    if (isDone) this.#sparse = null;
    return true;
  }

  /** Returns the place of the part that is to be made anew; -1 if there is none now. */
  #sparseAmong(parts: readonly Part[]): number {
    if (this.#sparse !== null) return parts.findIndex(({ id }) => id === this.#sparse);
    const at = this.#place < parts.length ? this.#place : 1;
    const [above, part] = [parts[at - 1], parts[at]];
    const isSparse =
      above !== undefined && part !== undefined && this.#removed.areMost(this.#index, part, above.first);
    this.#place = isSparse ? at : at + 1;
    return isSparse ? at : -1;
  }

  #change(work: () => void): void {
    this.#index.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#index.exec('COMMIT');
    } catch (error) {
      if (this.#index.isTransaction) this.#index.exec('ROLLBACK');
      throw error;
    } finally {
      this.#statements.clear();
    }
  }

  /** Statements of the open transaction. */
  readonly #statements = new Map<string, Statement>();

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#index.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function addPart(index: Database, first: number): void {
  const { id } = index
    .prepare('INSERT INTO part (first, documents) VALUES (?, 0) RETURNING id')
    .get(first) as { id: number };
  createWordsTable(index, id);
}

function dropPart(index: Database, id: number): void {
  index.exec(`DROP TABLE ${wordsTable(id)}`);
  index.prepare('DELETE FROM part WHERE id = ?').run(id);
}

function greatestIn(index: Database, { id, first }: Part): number {
  const row = index.prepare(`SELECT max(id) AS greatest FROM ${wordsTable(id)}_docsize`).get() as {
    greatest: number | null;
  };
  return row.greatest ?? first;
}
