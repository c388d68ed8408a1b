/** SQL that removes old messages, and returns free space. */
import type { Removed, RetentionRequest } from '../../retention.js';
import { isFinal } from '../../status.js';
import type { Status } from '../../port.js';
import type { Counters } from './counters.js';
import type { Database } from './database.js';
import type { Trash } from './trash.js';

/** Messages looked at in one step. */
const STEP_MESSAGES = 200;
/** Octets of content removed in one step: some milliseconds. A larger content is left to the trash. */
const STEP_OCTETS = 4 * 1024 * 1024;
/** Pages given back in one step. */
const STEP_PAGES = 256;

/** One step, from the message behind `after`. */
export interface RemovalStep extends Removed {
  /** Where the next one begins; null at the end. */
  readonly next: number | null;
}

export interface ShrinkStep {
  readonly octets: number;
  /** True if content is still being removed: its space is freed later. */
  readonly more: boolean;
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

export class Removal {
  readonly #trash: Trash;
  readonly #counters: Counters;
  readonly #one;
  readonly #database: Database;
  readonly #messages;
  readonly #owed;
  readonly #removeChunks;
  readonly #leaveToTrash;
  readonly #markRemoved;
  readonly #removeTag;
  readonly #removeRows;

  constructor(database: Database, trash: Trash, counters: Counters) {
    this.#counters = counters;
    this.#database = database;
    this.#trash = trash;
    this.#messages = database.prepare(`
      SELECT ${COLUMNS} FROM message WHERE id > ? ORDER BY id LIMIT ${STEP_MESSAGES}`);
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

  removeOld({ contentBefore, messagesBefore }: RetentionRequest, after: number): RemovalStep {
    const rows = this.#messages.all(after) as unknown as MessageRow[];
    const removed = { contents: 0, messages: 0 };
    let octets = 0;
    for (const row of rows) {
      const whole = isBefore(row, messagesBefore);
      const content = row.content_removed === 0 && (whole || isBefore(row, contentBefore));
      if (!(whole || content) || !this.#isDone(row)) continue;
      if (content) octets += this.#removeContent(row);
      if (whole) {
        this.#removeMessage(row);
        removed.messages++;
      } else {
        this.#markRemoved.run(row.id);
        removed.contents++;
      }
      if (octets >= STEP_OCTETS) return { ...removed, next: row.id };
    }
    return { ...removed, next: rows.length < STEP_MESSAGES ? null : (rows.at(-1)?.id ?? null) };
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

  /** Returns the octets that it removed at once. */
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
    this.#counters.messageRemoved(domain_id, status);
    for (const tag of tags === null ? [] : (JSON.parse(tags) as string[])) this.#removeTag.run(tag, id);
    for (const statement of this.#removeRows) statement.run(id);
  }

  #pragma(name: string): number {
    return (this.#database.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] ?? 0;
  }
}

function isBefore({ received_at }: MessageRow, time: number | null): boolean {
  return time !== null && received_at < time;
}
