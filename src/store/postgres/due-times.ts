/** SQL that corrects the times at which mail and events are due, after the clock was put back. */
import { cappedDue, type DueTime } from '../due-time.js';
import type { CapRequest } from '../queue.js';
import { int4Array, int8Array } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

/** Messages in one step, which is one transaction. */
const STEP = 500;

interface Row extends DueTime {
  readonly id: number;
  readonly position: number;
}

const MESSAGES = {
  name: 'cap_messages',
  text: `SELECT message_id AS id FROM queue WHERE message_id > $1 ORDER BY message_id LIMIT ${STEP}`,
};
const LOCK = {
  name: 'message_lock',
  text: 'SELECT 1 FROM message WHERE id = ANY($1::int8[]) ORDER BY id FOR UPDATE',
};
const RECIPIENTS = {
  name: 'cap_recipients',
  text: `SELECT message.id, recipient.position, next_attempt_at AS "nextAttemptAt", attempt.at AS "lastAttemptAt",
      received_at AS "receivedAt", release_at AS "releaseAt"
    FROM unnest($1::int8[]) AS locked (id) JOIN message ON message.id = locked.id
      JOIN recipient ON recipient.message_id = message.id
      LEFT JOIN attempt ON attempt.message_id = recipient.message_id AND attempt.position = recipient.position
        AND attempt.number = recipient.attempts
    WHERE next_attempt_at > $2`,
};
const SET_RECIPIENTS = {
  name: 'cap_set',
  text: `UPDATE recipient SET next_attempt_at = u.due
    FROM unnest($1::int8[], $2::int4[], $3::int8[]) AS u (id, position, due)
    WHERE recipient.message_id = u.id AND recipient.position = u.position`,
};
const SET_MESSAGES = {
  name: 'cap_queue',
  text: `UPDATE queue SET due_at = (
      SELECT min(next_attempt_at) FROM recipient WHERE recipient.message_id = queue.message_id)
    WHERE message_id = ANY($1::int8[]) AND lease IS NULL`,
};
const CAP_LEASES = {
  name: 'cap_leases',
  text: `UPDATE queue SET due_at = $2 WHERE message_id = ANY($1::int8[]) AND lease IS NOT NULL AND due_at > $2`,
};
/** An event that happened in the future shows that the clock was put back, as a time too far ahead does. */
const CAP_EVENTS = {
  name: 'cap_events',
  text: `UPDATE webhook_event SET due_at = CASE WHEN lease IS NULL THEN $1::int8 ELSE $1::int8 + $2::int8 END
    WHERE due_at > $1::int8 + $2::int8 OR (lease IS NULL AND due_at > $1::int8 AND at > $3::int8)`,
};

/** Resolves to how many recipients are due sooner. */
export async function capDue(
  connections: Connections,
  clock: DatabaseClock,
  request: CapRequest,
): Promise<number> {
  let changed = 0;
  for (let after: number | null = 0; after !== null;) {
    const { rows }: { rows: { id: number }[] } = await connections.run(MESSAGES, [after]);
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) break;
    changed += await connections.transaction((connection) => capMessages(connection, clock, ids, request));
    after = ids.length < STEP ? null : (ids.at(-1) ?? null);
  }
  return changed;
}

export async function capEvents(
  connections: Connections,
  clock: DatabaseClock,
  { now, longest }: CapRequest,
): Promise<number> {
  return (await connections.run(CAP_EVENTS, [clock.toDatabase(now), longest, now])).count;
}

async function capMessages(
  connection: Connection,
  clock: DatabaseClock,
  ids: readonly number[],
  { now, longest }: CapRequest,
): Promise<number> {
  const messages = int8Array(ids);
  await connection.run(LOCK, [messages]);
  const { rows } = await connection.run<Row>(RECIPIENTS, [messages, clock.toDatabase(now)]);
  const sooner = rows.flatMap((row) => {
    const { id, position } = row;
    // The rule compares with times of the node's clock.
    const nextAttemptAt = clock.fromDatabase(row.nextAttemptAt);
    const due = cappedDue({ ...row, nextAttemptAt }, now, longest);
    return due === null ? [] : [{ id, position, due: clock.toDatabase(due) }];
  });
  if (sooner.length > 0) {
    await connection.run(SET_RECIPIENTS, [
      int8Array(sooner.map(({ id }) => id)),
      int4Array(sooner.map(({ position }) => position)),
      int8Array(sooner.map(({ due }) => due)),
    ]);
    await connection.run(SET_MESSAGES, [int8Array(sooner.map(({ id }) => id))]);
  }
  await connection.run(CAP_LEASES, [messages, clock.toDatabase(now + longest)]);
  return sooner.length;
}
