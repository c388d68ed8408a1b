/** Asks the index of words for candidates of a search. */
import type { Range } from '../../narrowing.js';
import type { Search } from '../../search.js';
import { isDamage } from '../errors.js';
import { identityOf } from '../file-identity.js';
import type { Found, Source } from '../worker/candidate-sources.js';
import { type Database, inSnapshot, type Statement } from '../worker/database.js';
import { indexFile, openIndexToRead, type Part, partsOf, progressOf, wordsTable } from './index-file.js';
import { JournalReader, messagesIn } from './journal.js';
import { questionOf } from './words.js';

/** Milliseconds after which no further part is looked at in one go. */
const STEP_MS = 10;
/** Parts that are looked at in one go, however long that takes. */
const LEAST_PARTS = 4;
/** Rows of the journal that are not indexed yet. If there are more, the index is too far behind to help. */
const MOST_ROWS = 5000;
/** Statements that are kept: one for each part. */
const KEPT_STATEMENTS = 1000;

interface OpenIndex {
  readonly database: Database;
  readonly file: string;
  readonly statements: Map<number, Statement>;
}

export class TextIndex {
  readonly #directory: string;
  readonly #journal: JournalReader;
  #open: OpenIndex | null = null;
  #isDamaged = false;

  /** @param main the store's database */
  constructor(directory: string, main: Database) {
    this.#directory = directory;
    this.#journal = new JournalReader(main);
  }

  /** Whether the index was found damaged since this was asked last: then it should be made anew. */
  takeDamage(): boolean {
    const found = this.#isDamaged;
    this.#isDamaged = false;
    return found;
  }

  /**
   * Returns a source of at least the messages that match; null if the index cannot narrow the search, or is not there.
   *
   * @param others the source of messages that are not indexed yet
   */
  source(search: Search, others: () => Source): Source | null {
    const question = questionOf(search);
    if (question === null || this.#current() === null) return null;
    return { find: (range, limit) => this.#find(question, range, limit) ?? others().find(range, limit) };
  }

  close(): void {
    this.#open?.database.close();
    this.#open = null;
  }

  /** Returns null if the index cannot be used for the newest messages of the range. */
  #find(question: string, range: Range, limit: number): Found | null {
    const open = this.#current();
    if (open === null) return null;
    try {
      const waiting = this.#notIndexed(open.database);
      // The journal was read before: what it did not have any more is in the index now.
      return waiting === null
        ? null
        : inSnapshot(open.database, () => findIn(open, question, range, limit, waiting));
    } catch (error) {
      // It may as well be locked for a moment, while it is made.
      if (isDamage(error)) this.#isDamaged = true;
      this.close();
      return null;
    }
  }

  /** Returns the messages that the index may lack, newest first; null if it does not belong to the store, or lacks too many. */
  #notIndexed(index: Database): number[] | null {
    // Between the two questions the index may have gone on, and its row may be gone: once is enough to ask again.
    for (let tries = 0; tries < 2; tries++) {
      const progress = progressOf(index);
      if (progress === null) return null;
      const rows = this.#journal.from(progress.journal, MOST_ROWS);
      const [first, ...rest] = rows;
      if (first?.id !== progress.journal || first.messages !== progress.entry) continue;
      if (rows.length === MOST_ROWS) return null;
      return rest.flatMap(messagesIn).sort((a, b) => b - a);
    }
    return null;
  }

  /** Returns the index that is there now; null if there is none. */
  #current(): OpenIndex | null {
    const file = identityOf(indexFile(this.#directory));
    if (this.#open !== null && this.#open.file === file) return this.#open;
    this.close();
    if (file === null) return null;
    try {
      this.#open = { database: openIndexToRead(this.#directory), file, statements: new Map() };
    } catch {
      return null;
    }
    return this.#open;
  }
}

/** Goes through the parts, the newest first, while there is time. Returns null if none covers the range's upper end. */
function findIn(
  { database, statements }: OpenIndex,
  question: string,
  { below, above }: Range,
  limit: number,
  waiting: readonly number[],
): Found | null {
  const end = performance.now() + STEP_MS;
  const parts = partsOf(database);
  const lowest = parts.at(-1)?.first ?? Infinity;
  if (below <= lowest) return null;
  const ids: number[] = [];
  let from = below;
  let upper = Infinity;
  let looked = 0;
  for (const part of parts) {
    if (upper > above + 1 && part.first < below) {
      if (++looked > LEAST_PARTS && performance.now() > end) break;
      const lower = Math.max(above, part.first - 1);
      const wanted = limit - ids.length;
      const found = matchesOf(database, statements, part).all(
        question,
        Math.min(below, upper),
        lower,
        wanted,
      );
      ids.push(...(found as { id: number }[]).map(({ id }) => id));
      if (found.length === wanted) {
        from = ids.at(-1) ?? from;
        break;
      }
      from = lower + 1;
    }
    upper = part.first;
  }
  const late = waiting.filter((id) => id < below && id >= from);
  if (late.length === 0) return { ids, from };
  const all = [...new Set([...ids, ...late])].sort((a, b) => b - a);
  return all.length <= limit
    ? { ids: all, from }
    : { ids: all.slice(0, limit), from: all[limit - 1] ?? from };
}

function matchesOf(database: Database, statements: Map<number, Statement>, { id }: Part): Statement {
  let statement = statements.get(id);
  if (statement === undefined) {
    if (statements.size >= KEPT_STATEMENTS) statements.clear();
    const table = wordsTable(id);
    statement = database.prepare(
      `SELECT rowid AS id FROM ${table} WHERE ${table} MATCH ? AND rowid < ? AND rowid > ?
       ORDER BY rowid DESC LIMIT ?`,
    );
    statements.set(id, statement);
  }
  return statement;
}
