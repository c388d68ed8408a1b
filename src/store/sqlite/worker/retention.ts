/** SQL that removes old messages, and returns free space. */
import { tagsOf } from '../../counting.js';
import type { DomainRetention } from '../../domain-records.js';
import {
  hasAges,
  NOTHING_REMOVED,
  type OldMessage,
  positionAfter,
  type RemovalPosition,
  type RemovalProgress,
  type RemovalStep,
  type RemovedPart,
  STEP_MESSAGES,
  STEP_OCTETS,
  tooOld,
} from '../../removal.js';
import type { RetentionRequest } from '../../retention.js';
import { isFinal } from '../../status.js';
import { STATUSES, type Status } from '../../port.js';
import type { Counters } from './counters.js';
import type { Database } from './database.js';
import type { Gauges } from './gauges.js';
import type { Trash } from './trash.js';

/** Pages given back in one step. */
const STEP_PAGES = 256;

interface ShrinkStep {
  readonly octets: number;
  /** True if content is still being removed: its space is freed later. */
  readonly more: boolean;
}

interface RuleRow extends DomainRetention {
  readonly id: number;
}

interface MessageRow {
  readonly id: number;
  readonly domain_id: number;
  readonly received_at: number;
  readonly status: Status;
  readonly content_removed: number;
  readonly size: number;
  readonly tags: string | null;
}

const COLUMNS = 'id, domain_id, received_at, status, content_removed, size, tags';

/** The finished messages of one domain, each status in the order of its index, merged. */
const FINISHED = STATUSES.filter(isFinal)
  .map((status) => `SELECT ${COLUMNS} FROM message WHERE domain_id = ?1 AND status = '${status}' AND id > ?2`)
  .join(' UNION ALL ');

export class Removal {
  readonly #trash: Trash;
  readonly #counters: Counters;
  readonly #one;
  readonly #database: Database;
  readonly #gauges: Gauges;
  readonly #rules;
  readonly #finished;
  readonly #owed;
  readonly #removeChunks;
  readonly #leaveToTrash;
  readonly #markRemoved;
  readonly #removeTag;
  readonly #removeRows;

  constructor(database: Database, trash: Trash, counters: Counters, gauges: Gauges) {
    this.#counters = counters;
    this.#gauges = gauges;
    this.#database = database;
    this.#trash = trash;
    // The first domain that has any rule: with rules for all, that is simply the next one.
    this.#rules = database.prepare(`
      SELECT id, content_age AS contentAge, message_age AS messageAge, content_octets AS contentOctets FROM domain
      WHERE id >= ?1 AND (?2 OR content_age IS NOT NULL OR message_age IS NOT NULL OR content_octets IS NOT NULL)
      ORDER BY id LIMIT 1`);
    this.#finished = database.prepare(`${FINISHED} ORDER BY id LIMIT ${STEP_MESSAGES}`);
    this.#one = database.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ?`);
    this.#owed = database.prepare('SELECT 1 FROM owed_report WHERE message_id = ? LIMIT 1');
    this.#removeChunks = database.prepare('DELETE FROM chunk WHERE message_id = ?');
    this.#leaveToTrash = database.prepare('INSERT OR IGNORE INTO upload (message_id) VALUES (?)');
    this.#markRemoved = database.prepare('UPDATE message SET content_removed = 1 WHERE id = ?');
    this.#removeTag = database.prepare('DELETE FROM tag WHERE name = ? AND message_id = ?');
    this.#removeRows = ['attempt', 'recipient'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE message_id = ?`),
    );
    this.#removeRows.push(database.prepare('DELETE FROM message WHERE id = ?'));
  }

  removeOld(request: RetentionRequest, { domainId, rule, after }: RemovalPosition): RemovalStep {
    const forAll = request.contentBefore !== null || request.messagesBefore !== null;
    const domain = this.#rules.get(domainId, forAll ? 1 : 0) as RuleRow | undefined;
    if (domain === undefined) return { contents: 0, messages: 0, next: null };
    // The domain of the position may have lost its rules meanwhile.
    const here = domain.id === domainId ? { rule, after } : ({ rule: 'age', after: 0 } as const);
    const rows = this.#finished.all(domain.id, here.after) as unknown as MessageRow[];
    const removed = here.rule === 'age' ? this.#age(request, domain, rows) : this.#excess(domain, rows);
    const { last, ...counts } = removed;
    return { ...counts, next: positionAfter(domain.id, here.rule, last) };
  }

  #age(request: RetentionRequest, domain: RuleRow, rows: readonly MessageRow[]): RemovalProgress {
    if (!hasAges(request, domain)) return NOTHING_REMOVED;
    return this.#remove(rows, Infinity, (row) => tooOld(row, request, domain));
  }

  #excess({ id, contentOctets }: RuleRow, rows: readonly MessageRow[]): RemovalProgress {
    if (contentOctets === null) return NOTHING_REMOVED;
    const excess = this.#gauges.octetsOf(id) - contentOctets;
    if (excess <= 0) return NOTHING_REMOVED;
    return this.#remove(rows, excess, (row) => (row.contentRemoved ? 'nothing' : 'content'));
  }

  /** @param most removes no more once this many octets of content are removed */
  #remove(
    rows: readonly MessageRow[],
    most: number,
    what: (row: OldMessage) => RemovedPart,
  ): RemovalProgress {
    const removed = { contents: 0, messages: 0 };
    let octets = 0;
    let left = most;
    for (const row of rows) {
      const contentRemoved = row.content_removed === 1;
      const part = what({ receivedAt: row.received_at, contentRemoved });
      if (part === 'nothing' || !this.#isDone(row)) continue;
      if (!contentRemoved) {
        octets += this.#removeContent(row);
        left -= row.size;
      }
      if (part === 'message') {
        this.#removeMessage(row);
        removed.messages++;
      } else {
        this.#markRemoved.run(row.id);
        removed.contents++;
      }
      if (left <= 0) return { ...removed, last: null };
      if (octets >= STEP_OCTETS) return { ...removed, last: row.id };
    }
    return { ...removed, last: rows.length < STEP_MESSAGES ? null : (rows.at(-1)?.id ?? null) };
  }

  /** Removes one message with all its data. Returns false if it does not exist, or is not finished. */
  removeFinished(id: number): boolean {
    const row = this.#one.get(id) as MessageRow | undefined;
    if (row === undefined || !this.#isDone(row)) return false;
    if (row.content_removed === 0) this.#removeContent(row);
    this.#removeMessage(row);
    return true;
  }

  shrink(): ShrinkStep {
    const before = this.#pragma('freelist_count');
    this.#database.exec(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
    const pages = before - this.#pragma('freelist_count');
    return { octets: pages * this.#pragma('page_size'), more: !this.#trash.isEmpty };
  }

  #isDone({ id, status }: MessageRow): boolean {
    return isFinal(status) && this.#owed.get(id) === undefined;
  }

  /** Returns the octets that it removed at once: a content larger than a step is left to the trash. */
  #removeContent({ id, size, domain_id }: MessageRow): number {
    this.#counters.contentRemoved(domain_id, size);
    if (size <= STEP_OCTETS) {
      this.#removeChunks.run(id);
      return size;
    }
    this.#leaveToTrash.run(id);
    this.#trash.add(id);
    return 0;
  }

  #removeMessage({ id, tags, domain_id, status }: MessageRow): void {
    const names = tagsOf({ tags });
    this.#counters.messageRemoved(domain_id, status, names);
    for (const tag of names) this.#removeTag.run(tag, id);
    for (const statement of this.#removeRows) statement.run(id);
  }

  #pragma(name: string): number {
    return (this.#database.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] ?? 0;
  }
}
