/**
 * Additions to counters, cheap at the commit and folded into the tables later.
 *
 * A message touches some two dozen rows of the counter tables. Writing them in its transaction made accepts
 * two to three times as dear. So each group commit writes one row instead, which lists what it adds. The sum
 * of all rows that are not folded yet is kept in memory: reads add it. When there is much of it, it is frozen and
 * folded into the tables in small steps; `counter_fold` says how far that has come:
 *
 * - rows above `last`: not being folded
 * - rows up to `last`: frozen. Their sums, in the order in which each key first occurs, are the tallies; the first
 *   `done` of them are in the tables. Null: all are, and the rows are being removed.
 *
 * Each step changes the tables and `counter_fold` in one transaction, so a process that dies loses and doubles nothing.
 *
 * There is a step after each group commit. If commits add keys faster than steps of the usual size fold them, each step
 * folds twice as many as were added since the one before it. So what is in memory is at most about twice what is gathered
 * before it is frozen, and as much again that is frozen.
 */
import type { Database } from './database.js';
import { Tallies, type TableNumber, type Tally } from './tallies.js';
import { HOUR } from '../../time.js';

/** How much is gathered before it is folded. The more, the more often the same key was counted, and the fewer writes. */
export const FOLD_AT = { rows: 4096, tallies: 20_000, octets: 8 * 1024 * 1024 };
/** Rows that are read or removed in one go. */
const SLICE_ROWS = 64;
/** Tallies that one step folds: about a millisecond. */
const SLICE_TALLIES = 64;
/** How many times as many as were added since the last step, if there is much again before all is folded. */
const CATCH_UP = 2;

interface FoldRow {
  readonly last: number;
  readonly done: number | null;
}

interface JournalRow {
  readonly id: number;
  readonly entries: string;
}

export class CounterJournal {
  readonly #foldRow;
  readonly #setFold;
  readonly #rows;
  readonly #insert;
  readonly #remove;
  /** Adds one tally to its table. */
  readonly #fold: (tally: Tally) => void;
  /** Of the open transaction. */
  #gathered = new Map<string, Tally>();
  /** The row that the open transaction has written; 0 for none. */
  #written = 0;
  #writtenOctets = 0;
  /** Sums of the rows above `#last`, up to `#seen`. */
  #pending = new Tallies();
  #pendingRows = 0;
  #pendingOctets = 0;
  /** How many tallies `#pending` had at the last step. */
  #pendingAtStep = 0;
  #seen = 0;
  #isLoaded = false;
  /** As `counter_fold` has them. */
  #last = 0;
  #done: number | null = null;
  /** Sums of the rows up to `#last`. */
  #frozen = new Tallies();

  constructor(database: Database, fold: (tally: Tally) => void) {
    this.#fold = fold;
    this.#foldRow = database.prepare('SELECT last, done FROM counter_fold');
    this.#setFold = database.prepare('UPDATE counter_fold SET last = ?, done = ?');
    this.#rows = database.prepare(
      `SELECT id, entries FROM counter_journal WHERE id > ? AND id <= ? ORDER BY id LIMIT ${SLICE_ROWS}`,
    );
    // Not AUTOINCREMENT, which writes one more page in each transaction. Ids are never used again all the same.
    this.#insert = database.prepare(`
      INSERT INTO counter_journal (id, entries) VALUES (
        max((SELECT coalesce(max(id), 0) FROM counter_journal), (SELECT last FROM counter_fold)) + 1, ?)
      RETURNING id`);
    this.#remove = database.prepare(`
      DELETE FROM counter_journal WHERE id IN (
        SELECT id FROM counter_journal WHERE id <= ? ORDER BY id LIMIT ${SLICE_ROWS})`);
  }

  /** @param counts measures, each followed by its count */
  add(table: TableNumber, domainId: number, at: number, name: string, counts: readonly number[]): void {
    const key = keyOf(table, domainId, at, name);
    const tally = this.#gathered.get(key);
    if (tally === undefined) this.#gathered.set(key, { table, domainId, at, name, counts: counts.slice() });
    else addTo(tally.counts, counts);
  }

  /** Writes what was gathered. Called in the transaction, before it commits. */
  write(): void {
    if (this.#gathered.size === 0) return;
    let entries = '';
    for (const [key, { counts }] of this.#gathered) entries += `${lineOf(counts, key)}\n`;
    this.#written = (this.#insert.get(entries) as { id: number }).id;
    this.#writtenOctets = entries.length;
  }

  /** The transaction has committed. Never throws: the transaction cannot be taken back any more. */
  committed(): void {
    if (this.#written === 0) return;
    try {
      // If another process has written meanwhile, its rows come first: rows are always summed in their order.
      if (this.#isLoaded && this.#written > this.#seen + 1) this.#read(this.#seen, this.#written);
      else if (this.#isLoaded) this.#take(this.#written, this.#gathered, this.#writtenOctets);
    } catch {
      this.#isLoaded = false; // The next step, or read, starts over.
    }
    this.forget();
  }

  /** Drops what was gathered: the transaction was taken back. */
  forget(): void {
    this.#gathered = new Map();
    this.#written = 0;
  }

  /**
   * Returns what the tables lack. Call it in the transaction that reads them.
   *
   * @param table default: all
   * @param name default: all
   */
  *unfolded(table?: TableNumber, name?: string): Generator<Tally> {
    this.#catchUp();
    if (this.#done !== null) yield* this.#frozen.from(this.#done, table, name);
    yield* this.#pending.from(0, table, name);
  }

  /** Returns what the open transaction adds. */
  gathered(): Iterable<Tally> {
    return this.#gathered.values();
  }

  /** Whether a step is due. For the process that folds. */
  get isDue(): boolean {
    return !this.#isLoaded || this.#frozen.size > 0 || this.#isMuch;
  }

  get #isMuch(): boolean {
    return (
      this.#pendingRows >= FOLD_AT.rows ||
      this.#pending.size >= FOLD_AT.tallies ||
      this.#pendingOctets >= FOLD_AT.octets
    );
  }

  /**
   * Does a part of the folding in the open transaction. For one process alone.
   *
   * @returns what to call once the transaction has committed
   */
  step(): () => void {
    this.#catchUp();
    if (this.#frozen.size === 0) return this.#pending.size === 0 ? () => undefined : this.#freeze();
    if (this.#done !== null) return this.#foldSlice(this.#done, this.#pace());
    const { changes } = this.#remove.run(this.#last);
    return () => {
      if (changes < SLICE_ROWS) this.#frozen = new Tallies();
    };
  }

  #freeze(): () => void {
    const last = this.#seen;
    this.#setFold.run(last, 0);
    return () => {
      this.#frozen = this.#pending;
      this.#last = last;
      this.#done = 0;
      this.#clearPending();
    };
  }

  /** Returns how many tallies a step folds. */
  #pace(): number {
    const added = this.#pending.size - this.#pendingAtStep;
    this.#pendingAtStep = this.#pending.size;
    return this.#isMuch ? Math.max(SLICE_TALLIES, CATCH_UP * added) : SLICE_TALLIES;
  }

  #foldSlice(from: number, tallies: number): () => void {
    const to = Math.min(from + tallies, this.#frozen.size);
    for (const tally of this.#frozen.slice(from, to)) this.#fold(tally);
    const done = to === this.#frozen.size ? null : to;
    this.#setFold.run(this.#last, done);
    return () => {
      this.#done = done;
    };
  }

  /** Reads the rows that are new, or all if another process has frozen some. */
  #catchUp(): void {
    const fold = this.#foldRow.get() as FoldRow;
    if (!this.#isLoaded || fold.last !== this.#last) this.#load(fold.last);
    this.#done = fold.done;
    this.#read(this.#seen, Number.MAX_SAFE_INTEGER);
  }

  #load(last: number): void {
    this.#isLoaded = false;
    this.#clearPending();
    this.#seen = 0;
    this.#read(0, last);
    this.#frozen = this.#pending;
    this.#clearPending();
    this.#last = this.#seen = last;
    this.#isLoaded = true;
  }

  #read(after: number, last: number): void {
    let rows: JournalRow[];
    do {
      rows = this.#rows.all(after, last) as JournalRow[];
      for (const { id, entries } of rows) {
        this.#take(id, entries.split('\n').slice(0, -1).map(entryOf), entries.length);
        after = id;
      }
    } while (rows.length === SLICE_ROWS);
  }

  /** Adds the sums of a row. */
  #take(id: number, tallies: Iterable<readonly [string, Tally]>, octets: number): void {
    for (const [key, tally] of tallies) {
      const known = this.#pending.get(key);
      if (known === undefined) this.#pending.add(key, tally);
      else addTo(known.counts, tally.counts);
    }
    this.#pendingRows += 1;
    this.#pendingOctets += octets;
    this.#seen = id;
  }

  #clearPending(): void {
    this.#pending = new Tallies();
    this.#pendingRows = 0;
    this.#pendingOctets = 0;
    this.#pendingAtStep = 0;
  }
}

function keyOf(table: TableNumber, domainId: number, at: number, name: string): string {
  return `${table} ${domainId} ${at / HOUR} ${name}`;
}

/** An entry of a row: counts, a space, and the key. Shorter than JSON, and made in half the time. */
function lineOf(counts: readonly number[], key: string): string {
  return `${counts.join()} ${SPECIAL.test(key) ? encodeURIComponent(key) : key}`;
}

/** Characters that would end the line, or make a key look like an encoded one. */
const SPECIAL = /[\n%]/;

function entryOf(line: string): readonly [string, Tally] {
  const end = line.indexOf(' ');
  const written = line.slice(end + 1);
  const key = written.includes('%') ? decodeURIComponent(written) : written;
  const [table = '', domainId = '', hour = ''] = key.split(' ', 3);
  return [
    key,
    {
      table: Number(table) as TableNumber,
      domainId: Number(domainId),
      at: Number(hour) * HOUR,
      name: key.slice(table.length + domainId.length + hour.length + 3),
      counts: line.slice(0, end).split(',').map(Number),
    },
  ];
}

/** Adds pairs of a measure and its count to others. */
function addTo(sums: number[], counts: readonly number[]): void {
  for (let from = 0; from < counts.length; from += 2) {
    const measure = counts[from] ?? 0;
    const count = counts[from + 1] ?? 0;
    let to = 0;
    while (to < sums.length && sums[to] !== measure) to += 2;
    if (to === sums.length) sums.push(measure, count);
    else sums[to + 1] = (sums[to + 1] ?? 0) + count;
  }
}
