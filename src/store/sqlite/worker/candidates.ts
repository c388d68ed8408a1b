/** SQL that finds candidates for a page, newest first, from the index that narrows them most. */
import { STATUSES, type Status } from '../../port.js';
import type { Database, Statement } from './database.js';

/** The conditions that an index can narrow; null if they are not given. */
export interface Narrowing {
  readonly domainIds: readonly number[] | null;
  readonly statuses: readonly Status[] | null;
  readonly tag: string | null;
}

/** Messages between two ids, both excluded. */
export interface Range {
  readonly below: number;
  readonly above: number;
}

/** Indexes that one statement merges at most; with more, the caller checks each message. */
const MOST_BRANCHES = 60;
/** Statements that are kept: shapes are few. */
const KEPT_STATEMENTS = 200;

const IN_RANGE = 'id < ? AND id > ?';

export class Candidates {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Returns the ids of at most `limit` messages in the range, newest first. All that match the narrowing are
   * among them or are older than the last one; others may be as well.
   */
  ids({ domainIds, statuses, tag }: Narrowing, { below, above }: Range, limit: number): number[] {
    if (tag !== null) {
      return this.#all(
        `SELECT message_id AS id FROM tag WHERE name = ? AND message_id < ? AND message_id > ?
         ORDER BY message_id DESC LIMIT ?`,
        [tag, below, above, limit],
      );
    }
    const branches = this.#branches(domainIds, statuses);
    if (branches === null) {
      return this.#all(`SELECT id FROM message WHERE ${IN_RANGE} ORDER BY id DESC LIMIT ?`, [
        below,
        above,
        limit,
      ]);
    }
    if (branches.length === 0) return [];
    // Each subquery is in the order of its index, and SQLite merges them: no sort, no scan.
    const selects = branches.map(({ where }) => `SELECT id FROM message WHERE ${where} AND ${IN_RANGE}`);
    return this.#all(`${selects.join(' UNION ALL ')} ORDER BY id DESC LIMIT ?`, [
      ...branches.flatMap(({ values }) => [...values, below, above]),
      limit,
    ]);
  }

  /** Returns the parts of indexes that match; null if they are too many, or if everything matches. */
  #branches(
    domainIds: readonly number[] | null,
    statuses: readonly Status[] | null,
  ): { where: string; values: (number | string)[] }[] | null {
    if (domainIds !== null && domainIds.length * (statuses ?? STATUSES).length <= MOST_BRANCHES) {
      return domainIds.flatMap((domainId) =>
        (statuses ?? STATUSES).map((status) => ({
          where: 'domain_id = ? AND status = ?',
          values: [domainId, status],
        })),
      );
    }
    return statuses?.map((status) => ({ where: 'status = ?', values: [status] })) ?? null;
  }

  #all(sql: string, values: readonly (number | string)[]): number[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= KEPT_STATEMENTS) this.#statements.clear();
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return (statement.all(...values) as { id: number }[]).map(({ id }) => id);
  }
}
