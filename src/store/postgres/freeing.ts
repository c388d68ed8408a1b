/** Ends leases without an attempt: the message is due again when its recipients are. */
import { int8Array } from './arrays.js';
import type { Connection } from './connection.js';

const LOCK = {
  name: 'message_lock',
  text: 'SELECT 1 FROM message WHERE id = ANY($1::int8[]) ORDER BY id FOR UPDATE',
};
/** Counts the attempts that were under way as crashes. */
const CRASH = {
  name: 'lease_crash',
  text: `UPDATE queue SET crashes = crashes + 1, crashed_alone = $3 AND attempting = 1
    FROM unnest($1::int8[], $2::int8[]) AS u (id, lease)
    WHERE queue.message_id = u.id AND queue.lease = u.lease AND attempting > 0`,
};
const FREE = {
  name: 'lease_free',
  text: `WITH held AS (
      SELECT queue.message_id, queue.lease, (SELECT min(next_attempt_at) FROM recipient
        WHERE recipient.message_id = queue.message_id) AS next
      FROM queue JOIN unnest($1::int8[], $2::int8[]) AS u (id, lease)
        ON queue.message_id = u.id AND queue.lease = u.lease),
    freed AS (UPDATE queue SET lease = NULL, attempting = 0, due_at = held.next FROM held
      WHERE queue.message_id = held.message_id AND queue.lease = held.lease AND held.next IS NOT NULL)
    DELETE FROM queue USING held
    WHERE queue.message_id = held.message_id AND queue.lease = held.lease AND held.next IS NULL`,
};

/** How a node died. */
export interface Death {
  /** Whether only one attempt was under way, of all messages and events. */
  readonly single: boolean;
}

/**
 * In a transaction. Leases that are held no more are passed over.
 *
 * @param death null if the holder gives the leases up itself: then no attempt counts as a crash
 */
export async function freeLeases(
  connection: Connection,
  leases: readonly { readonly id: number; readonly lease: number }[],
  death: Death | null = null,
): Promise<void> {
  const ids = int8Array(leases.map(({ id }) => id));
  const numbers = int8Array(leases.map(({ lease }) => lease));
  await connection.run(LOCK, [ids]);
  if (death !== null) await connection.run(CRASH, [ids, numbers, death.single]);
  await connection.run(FREE, [ids, numbers]);
}
