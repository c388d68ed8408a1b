/**
 * The order in which messages were stored: see the adapter's statement that accepts, which adds a row for each message
 * that is stored after one with a greater id.
 *
 * Two nodes that store at the same moment do not see each other: of two groups whose statements overlap, neither is late
 * to the other. A reader that comes in between waits for both (`overlap.ts`).
 */
import { type Scope, STATUSES } from '../port.js';
import { textArray } from './arrays.js';
import type { Connections } from './connections.js';

interface LastRow {
  readonly newest: number | null;
  readonly late: number | null;
  readonly above: number | null;
}

/** A place in the order: what was stored up to a message. */
interface Mark {
  /** The greatest id that was stored up to then. Messages with greater ones were stored later. */
  readonly above: number;
  /** The row of the message, if it was late itself; null if not. */
  readonly number: number | null;
}

const FIND = { name: 'late_find', text: 'SELECT above, number FROM late_message WHERE message_id = $1' };
const NEWEST = 'AND message_id < $2 ORDER BY message_id DESC LIMIT $3';
const AFTER_ROW = {
  name: 'late_after_row',
  text: `SELECT message_id AS id FROM late_message WHERE number > $1 ${NEWEST}`,
};
const AFTER_ID = {
  name: 'late_after_id',
  text: `SELECT message_id AS id FROM late_message WHERE above >= $1 ${NEWEST}`,
};
/** The newest one, of each status of a domain in the order of its index, and the one that was late last. */
const LAST = {
  name: 'late_last',
  text: `SELECT
      (SELECT max(id) FROM message) AS newest,
      late.message_id AS late, above
    FROM (SELECT 1) AS one LEFT JOIN LATERAL (
      SELECT message_id, above FROM late_message ORDER BY number DESC LIMIT 1) AS late ON true`,
};
const LAST_OF = {
  name: 'late_last_of',
  text: `SELECT
      (SELECT max(newest.id) FROM unnest($2::text[]) AS wanted (status) CROSS JOIN LATERAL (
        SELECT id FROM message WHERE domain_id = $1 AND status = wanted.status ORDER BY id DESC LIMIT 1) AS newest
      ) AS newest,
      late.message_id AS late, above
    FROM (SELECT 1) AS one LEFT JOIN LATERAL (
      SELECT message_id, above FROM late_message WHERE domain_id = $1 ORDER BY number DESC LIMIT 1) AS late ON true`,
};

/** Returns the place of a message. For one that has been removed, it may be an earlier place. */
export async function markOf(connections: Connections, id: number): Promise<Mark> {
  return (await connections.run<Mark>(FIND, [id])).rows[0] ?? { above: id, number: null };
}

/** Returns late messages that were stored after a mark and have no greater id than it, newest id first. */
export async function lateAfter(
  connections: Connections,
  { above, number }: Mark,
  below: number,
  limit: number,
): Promise<number[]> {
  const until = Math.min(below, above + 1);
  const { rows } =
    number === null
      ? await connections.run<{ id: number }>(AFTER_ID, [above, until, limit])
      : await connections.run<{ id: number }>(AFTER_ROW, [number, until, limit]);
  return rows.map(({ id }) => id);
}

/** The end of the order; null if there is no message. */
interface LastStored {
  readonly last: number | null;
  readonly greatest: number | null;
}

/** Returns the message of the scope that was stored last, and the one with the greatest id. */
export async function lastStored(connections: Connections, scope: Scope): Promise<LastStored> {
  const { rows } =
    scope === 'all'
      ? await connections.run<LastRow>(LAST)
      : await connections.run<LastRow>(LAST_OF, [scope.domainId, textArray(STATUSES)]);
  const { newest, late, above } = rows[0] ?? { newest: null, late: null, above: null };
  const isLate = late !== null && above !== null && newest !== null && above >= newest;
  return { last: isLate ? late : newest, greatest: newest };
}
