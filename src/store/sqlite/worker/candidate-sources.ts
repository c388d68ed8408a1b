/** The indexes that can give the candidates for a page, newest first. */
import type { Narrowing, Range } from '../../narrowing.js';
import { STATUSES, type Status } from '../../port.js';
import type { Database, Statement } from './database.js';

export interface Found {
  /** Newest first. */
  readonly ids: number[];
  /** All candidates of the range from this id on are among {@link ids}. One above the range's lower end if all are. */
  readonly from: number;
}

/** An index, or several that are merged, from which candidates come. */
export interface Source {
  /** Returns at most `limit` candidates, with bounded work. It may be none although there are more. */
  find(range: Range, limit: number): Found;
  /** The conditions that hold for each of its candidates, so that they need not be checked. Default: none. */
  readonly holds?: Held;
}

export interface Held {
  readonly domains?: boolean;
  readonly statuses?: boolean;
  readonly tag?: string;
}

/** Indexes that one statement merges at most; with more, the caller checks each message. */
const MOST_BRANCHES = 60;
/** Rows of a tag that one statement goes through. */
const TAG_ROWS = 5000;
/** Statements that are kept: shapes are few. */
const KEPT_STATEMENTS = 200;

const IN_RANGE = 'id < ? AND id > ?';

/** Prepared statements by their text. */
export class Statements {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  ids(sql: string, values: readonly (number | string)[]): number[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= KEPT_STATEMENTS) this.#statements.clear();
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return (statement.all(...values) as { id: number }[]).map(({ id }) => id);
  }
}

/** Returns each index that narrows the messages, at least one: each of them gives all that match. */
export function sourcesOf(statements: Statements, { domainIds, statuses, tags }: Narrowing): Source[] {
  const sources = tags.map((tag) =>
    domainIds === null ? ofTag(statements, tag) : ofTagAndDomains(statements, tag, JSON.stringify(domainIds)),
  );
  const branches = branchesOf(domainIds, statuses);
  if (branches !== null) {
    const holds = { domains: domainIds !== null && withDomains(domainIds, statuses), statuses: true };
    sources.push({ ...ofBranches(statements, branches), holds });
  }
  return sources.length > 0 ? sources : [ofAll(statements)];
}

function ofAll(statements: Statements): Source {
  const sql = `SELECT id FROM message WHERE ${IN_RANGE} ORDER BY id DESC LIMIT ?`;
  return sqlSource((range, limit) => statements.ids(sql, [range.below, range.above, limit]));
}

function ofTag(statements: Statements, tag: string): Source {
  const sql = `SELECT message_id AS id FROM tag WHERE name = ? AND message_id < ? AND message_id > ?
    ORDER BY message_id DESC LIMIT ?`;
  const source = sqlSource((range, limit) => statements.ids(sql, [tag, range.below, range.above, limit]));
  return { ...source, holds: { tag } };
}

/** Goes through the rows of a tag without reading messages: 0.2 us each. */
function ofTagAndDomains(statements: Statements, tag: string, domainIds: string): Source {
  const rows = `SELECT message_id AS id, domain_id FROM tag WHERE name = ? AND message_id < ? AND message_id > ?
    ORDER BY message_id DESC`;
  // The limit within keeps the order.
  const matching = `SELECT id FROM (${rows} LIMIT ${TAG_ROWS})
    WHERE domain_id IN (SELECT value FROM json_each(?)) LIMIT ?`;
  const last = `${rows} LIMIT 1 OFFSET ${TAG_ROWS - 1}`;
  return {
    holds: { tag, domains: true },
    find({ below, above }, limit) {
      const ids = statements.ids(matching, [tag, below, above, domainIds, limit]);
      const lastId = ids.at(-1);
      if (ids.length === limit && lastId !== undefined) return { ids, from: lastId };
      return { ids, from: statements.ids(last, [tag, below, above])[0] ?? above + 1 };
    },
  };
}

interface Branch {
  readonly where: string;
  readonly values: readonly (number | string)[];
}

function ofBranches(statements: Statements, branches: readonly Branch[]): Source {
  // Each subquery is in the order of its index, and SQLite merges them: no sort, no scan.
  const selects = branches.map(({ where }) => `SELECT id FROM message WHERE ${where} AND ${IN_RANGE}`);
  const sql = `${selects.join(' UNION ALL ')} ORDER BY id DESC LIMIT ?`;
  return sqlSource(({ below, above }, limit) =>
    branches.length === 0
      ? []
      : statements.ids(sql, [...branches.flatMap(({ values }) => [...values, below, above]), limit]),
  );
}

/** Returns the parts of indexes that match; null if they are too many, or if everything matches. */
function branchesOf(
  domainIds: readonly number[] | null,
  statuses: readonly Status[] | null,
): readonly Branch[] | null {
  if (domainIds !== null && withDomains(domainIds, statuses)) {
    return domainIds.flatMap((domainId) =>
      (statuses ?? STATUSES).map((status) => ({
        where: 'domain_id = ? AND status = ?',
        values: [domainId, status],
      })),
    );
  }
  return statuses?.map((status) => ({ where: 'status = ?', values: [status] })) ?? null;
}

/** Whether there are few enough parts of the index by domain and status. */
function withDomains(domainIds: readonly number[], statuses: readonly Status[] | null): boolean {
  return domainIds.length * (statuses ?? STATUSES).length <= MOST_BRANCHES;
}

function sqlSource(ids: (range: Range, limit: number) => number[]): Source {
  return {
    find(range, limit) {
      const found = ids(range, limit);
      const last = found.at(-1);
      return { ids: found, from: found.length < limit || last === undefined ? range.above + 1 : last };
    },
  };
}
