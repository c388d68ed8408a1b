/** Finds the messages of a listing, newest first, without ever walking the table. */
import { STATUSES, type Status } from '../../port.js';
import type { Database } from './database.js';

/** Rows of a tag looked at in one go; the caller comes again, and accepts run in between. */
const TAG_ROWS = 1000;

/** The statuses of one domain, each in the order of its index, merged: no sort, no scan. */
const OF_DOMAIN = STATUSES.map(
  (status) => `SELECT id FROM message WHERE domain_id = ?1 AND status = '${status}' AND id < ?2`,
).join(' UNION ALL ');

/** One page of a listing. All conditions must hold; null means any. */
export interface ListMessages {
  readonly domain: string | null;
  readonly tag: string | null;
  readonly status: Status | null;
  readonly before: number;
  readonly limit: number;
}

interface IdPage {
  readonly ids: readonly number[];
  /** The value of `before` for the next page; null at the end. */
  readonly next: number | null;
}

export class Listing {
  readonly #domainId;
  readonly #all;
  readonly #ofDomain;
  readonly #ofStatus;
  readonly #ofDomainAndStatus;
  readonly #ofTag;

  constructor(database: Database) {
    const newest = (select: string) => database.prepare(`${select} ORDER BY id DESC LIMIT ?`);
    // Domains that are removed as well: their messages stay readable.
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
    this.#all = newest('SELECT id FROM message WHERE id < ?');
    this.#ofDomain = newest(OF_DOMAIN);
    this.#ofStatus = newest('SELECT id FROM message WHERE status = ? AND id < ?');
    this.#ofDomainAndStatus = newest('SELECT id FROM message WHERE domain_id = ? AND status = ? AND id < ?');
    this.#ofTag = database.prepare(`
      SELECT message_id AS id, tag.domain_id AS domainId, status
      FROM tag JOIN message ON message.id = tag.message_id
      WHERE tag.name = ? AND message_id < ? ORDER BY message_id DESC LIMIT ?`);
  }

  page(query: ListMessages): IdPage {
    const domainId = query.domain === null ? null : this.#idOf(query.domain);
    if (domainId === undefined) return { ids: [], next: null };
    return query.tag === null
      ? this.#byIndex(domainId, query.status, query.before, query.limit)
      : this.#byTag(query.tag, domainId, query.status, query.before, query.limit);
  }

  #idOf(name: string): number | undefined {
    return (this.#domainId.get(name) as { id: number } | undefined)?.id;
  }

  #byIndex(domainId: number | null, status: Status | null, before: number, limit: number): IdPage {
    let rows;
    if (domainId !== null && status !== null) {
      rows = this.#ofDomainAndStatus.all(domainId, status, before, limit);
    } else if (domainId !== null) rows = this.#ofDomain.all(domainId, before, limit);
    else if (status !== null) rows = this.#ofStatus.all(status, before, limit);
    else rows = this.#all.all(before, limit);
    const ids = (rows as { id: number }[]).map(({ id }) => id);
    return { ids, next: ids.length < limit ? null : (ids.at(-1) ?? null) };
  }

  #byTag(tag: string, domainId: number | null, status: Status | null, before: number, limit: number): IdPage {
    // If only the tag decides, every row counts; otherwise more rows are read at a time.
    const most = domainId === null && status === null ? limit : TAG_ROWS;
    const rows = this.#ofTag.all(tag, before, most) as { id: number; domainId: number; status: Status }[];
    const ids: number[] = [];
    for (const row of rows) {
      if (domainId !== null && row.domainId !== domainId) continue;
      if (status !== null && row.status !== status) continue;
      ids.push(row.id);
      if (ids.length === limit) return { ids, next: row.id };
    }
    return { ids, next: rows.length < most ? null : (rows.at(-1)?.id ?? null) };
  }
}
