/** Removes finished messages with all that is kept of them. */
import { isFinal } from '../status.js';
import { int8Array } from './arrays.js';
import type { Connection } from './connection.js';
import { Deltas, insertDeltas } from './deltas.js';
import { lockMessages } from './locked.js';

/** Those on which nothing is owed, with what they have stored. */
const REMOVABLE = {
  name: 'removable',
  text: `SELECT id, size, content_removed AS "contentRemoved" FROM message
    WHERE id = ANY($1::int8[]) AND NOT EXISTS (SELECT 1 FROM owed_report WHERE message_id = message.id)`,
};
const PARTS = ['tag', 'attempt', 'recipient'] as const;
const REMOVE = {
  name: 'message_remove',
  text: `WITH ${PARTS.map(
    (table) => `${table}s AS (DELETE FROM ${table} WHERE message_id = ANY($1::int8[]))`,
  ).join(', ')}, chunks AS (DELETE FROM chunk WHERE message_id = ANY($2::int8[]))
    DELETE FROM message WHERE id = ANY($1::int8[])`,
};
const COUNT = { name: 'count_changes', text: insertDeltas(1) };

/**
 * Removes those of some messages that are finished (each recipient final, no notification owed), in the transaction of the
 * connection. Returns the ids of those that it removed.
 *
 * @param stays whether the rows of a content stay until their day is dropped. Default: they are deleted
 */
export async function removeFinished(
  connection: Connection,
  ids: readonly number[],
  stays: (id: number) => boolean = () => false,
): Promise<ReadonlySet<number>> {
  const locked = await lockMessages(connection, ids);
  const finished = [...locked.values()].filter(({ status }) => isFinal(status));
  const { rows } = await connection.run<{ id: number; size: number; contentRemoved: boolean }>(REMOVABLE, [
    int8Array(finished.map(({ id }) => id)),
  ]);
  if (rows.length === 0) return new Set();
  const deltas = new Deltas();
  for (const { id, size, contentRemoved } of rows) {
    const message = locked.get(id);
    if (message === undefined) continue;
    if (!contentRemoved) deltas.contentRemoved(message.domainId, size);
    deltas.messageRemoved(message.domainId, message.status);
  }
  const removed = rows.map(({ id }) => id);
  await connection.run(REMOVE, [int8Array(removed), int8Array(removed.filter((id) => !stays(id)))]);
  await connection.run(COUNT, deltas.values());
  return new Set(rows.map(({ id }) => id));
}
