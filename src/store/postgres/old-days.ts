/**
 * Contents that are removed because of their age go with the partition of their day, which costs no work for each row:
 *
 *     the limit of age moves through a day ──► contents are marked as removed, and readers no longer get them
 *     no message of the day has content any more ──► its partition is dropped
 *     the limit is a day further, and some still have ──► the rows of the others are deleted
 *
 * So removed content is on the disk for up to two days longer. What users delete, and content in partitions of more than
 * a day, is deleted at once.
 */
import { idOfTime, timeOfId } from '../intake/ids.js';
import { DAY } from '../time.js';
import { int8Array } from './arrays.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

/** Rows of content that one statement deletes: some milliseconds each if they are large. */
const STEP_ROWS = 200;
/** Days after which a day is not looked through any more for rows that a failure has left. */
const SWEPT_DAYS = 7;
/** How long to wait for a lock that holds up those who write or read content, in milliseconds. */
const LOCK_MS = 100;

const DAYS = {
  name: 'old_days',
  text: `SELECT day FROM (
      SELECT CASE WHEN relname ~ '^chunk_\\d+$' THEN substr(relname, 7)::int END AS day FROM pg_class
      JOIN pg_inherits ON inhrelid = oid WHERE inhparent = 'chunk'::regclass) AS partition
    WHERE day < $1 ORDER BY day`,
};
/** A message whose content is needed, or is just coming in. */
const KEPT = {
  name: 'old_kept',
  text: `(SELECT id FROM message WHERE id >= $1 AND id < $2 AND NOT content_removed LIMIT 1)
    UNION ALL (SELECT message_id FROM upload WHERE message_id >= $1 AND message_id < $2 LIMIT 1) LIMIT 1`,
};
const STILL_KEPT = {
  name: 'old_still_kept',
  text: 'SELECT 1 FROM message WHERE id = $1 AND NOT content_removed',
};
/** Of messages whose content is removed, or that are removed themselves. */
const REST = {
  name: 'old_rest',
  text: `SELECT message_id AS id FROM chunk WHERE message_id > $1 AND message_id < $2
      AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = chunk.message_id AND NOT content_removed)
      AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.message_id = chunk.message_id)
    ORDER BY message_id LIMIT ${STEP_ROWS}`,
};
const DELETE = { name: 'old_delete', text: 'DELETE FROM chunk WHERE message_id = ANY($1::int8[])' };

/**
 * Returns whether the rows of a content that is removed because of its age may stay until the partition of their day is
 * dropped.
 *
 * @param contentBefore the limit of age; null if the domain has one of its own, or no limit holds
 */
export function goesWithItsDay(id: number, contentBefore: number | null): boolean {
  if (contentBefore === null) return false;
  const start = Math.floor(timeOfId(id) / DAY) * DAY;
  return start <= contentBefore && contentBefore < start + 2 * DAY;
}

export class OldDays {
  readonly #connections: Connections;
  readonly #now: () => number;
  /** A message of a day that has content, so that the next look need not search for one. */
  readonly #kept = new Map<number, number>();
  readonly #swept = new Set<number>();

  /** @param now the clock by which ids are given out */
  constructor(connections: Connections, now: () => number) {
    this.#connections = connections;
    this.#now = now;
  }

  /**
   * Drops the partitions of days that are over and have no content any more, and deletes what is left of removed content
   * in others. Several nodes may do it at once.
   */
  async remove(contentBefore: number | null): Promise<void> {
    const today = Math.floor(this.#now() / DAY);
    const { rows } = await this.#connections.run<{ day: number }>(DAYS, [today]);
    for (const { day } of rows) {
      if (!(await this.#isKept(day))) await this.#drop(day);
      else if (contentBefore !== null && this.#needsSweep(day, contentBefore)) await this.#sweep(day);
    }
  }

  async #isKept(day: number): Promise<boolean> {
    const known = this.#kept.get(day);
    if (known !== undefined && (await this.#connections.run(STILL_KEPT, [known])).count > 0) return true;
    const id = await keptOf(this.#connections, day);
    if (id === null) this.#kept.delete(day);
    else this.#kept.set(day, id);
    return id !== null;
  }

  /** It is left for later if it is in use at the moment. */
  async #drop(day: number): Promise<void> {
    try {
      await this.#connections.transaction(async (connection) => {
        await connection.exec(`SET LOCAL lock_timeout = ${LOCK_MS}`);
        await connection.exec('LOCK TABLE ONLY chunk IN ACCESS EXCLUSIVE MODE');
        if ((await keptOf(connection, day)) === null)
          await connection.exec(`DROP TABLE IF EXISTS chunk_${day}`);
      });
    } catch {
      // The lock was not to be had in time.
    }
  }

  #needsSweep(day: number, contentBefore: number): boolean {
    const past = contentBefore - (day + 1) * DAY;
    return past >= DAY && past < SWEPT_DAYS * DAY && !this.#swept.has(day);
  }

  async #sweep(day: number): Promise<void> {
    const end = idOfTime((day + 1) * DAY);
    for (let after = idOfTime(day * DAY) - 1; ;) {
      const { rows } = await this.#connections.run<{ id: number }>(REST, [after, end]);
      const last = rows.at(-1);
      if (last === undefined) break;
      await this.#connections.run(DELETE, [int8Array(rows.map(({ id }) => id))]);
      after = last.id;
    }
    this.#swept.add(day);
  }
}

/** Returns a message of the day whose content is needed; null if no content is. */
async function keptOf(runner: Pick<Connection | Connections, 'run'>, day: number): Promise<number | null> {
  const range = [idOfTime(day * DAY), idOfTime((day + 1) * DAY)];
  return (await runner.run<{ id: number }>(KEPT, range)).rows[0]?.id ?? null;
}
