/** What an operator does with messages by hand: one or many, in a transaction that has locked them. */
import { DUE_AT_ONCE } from '../due-time.js';
import type { Attempt } from '../queue.js';
import { isWaiting, statusOf } from '../status.js';
import { int4Array, int8Array } from './arrays.js';
import { MessageChanges } from './changes.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import { type LockedMessage, type LockedRecipient, lockMessages } from './locked.js';

/** Changes messages by hand: `delete` is not among them. */
export type HandOperation = 'release' | 'retry' | 'cancel';

const ENQUEUE = {
  name: 'operator_enqueue',
  text: `INSERT INTO queue (message_id, domain_id, rank, due_at)
    SELECT id, domain_id, rank, $4 FROM unnest($1::int8[], $2::int4[], $3::int4[]) AS u (id, domain_id, rank)`,
};
const SET_RELEASE = {
  name: 'operator_release',
  text: 'UPDATE message SET release_at = $2 WHERE id = ANY($1::int8[])',
};
const HASTEN = {
  name: 'operator_hasten',
  text: `UPDATE queue SET due_at = ${DUE_AT_ONCE} WHERE message_id = ANY($1::int8[]) AND lease IS NULL`,
};
const DROP_NOTICES = {
  name: 'operator_drop',
  text: `DELETE FROM owed_report WHERE message_id = ANY($1::int8[]) AND kind = 'delayed'`,
};

/**
 * Does an operation, in the transaction of the connection. Returns how many recipients of each message it changed;
 * messages that needed no change are not there.
 *
 * @param now on the node's clock
 */
export async function operateByHand(
  connection: Connection,
  operation: HandOperation,
  ids: readonly number[],
  now: number,
  clock: DatabaseClock,
): Promise<Map<number, number>> {
  const changes = new MessageChanges(clock);
  const changed = new Map<number, number>();
  const messages: LockedMessage[] = [];
  for (const message of (await lockMessages(connection, ids)).values()) {
    const recipients = message.recipients.filter((recipient) => concerns(operation, recipient));
    if (recipients.length === 0) continue;
    messages.push(message);
    changed.set(message.id, recipients.length);
    change(operation, message, recipients, { now, due: clock.toDatabase(now), changes });
  }
  if (messages.length === 0) return changed;
  await changes.write(connection);
  const found = int8Array(messages.map(({ id }) => id));
  switch (operation) {
    case 'release':
      await connection.run(SET_RELEASE, [found, now]);
      await connection.run(ENQUEUE, [
        found,
        int4Array(messages.map(({ domainId }) => domainId)),
        int4Array(messages.map(({ priority }) => -priority)),
        clock.toDatabase(now),
      ]);
      break;
    case 'retry':
      await connection.run(HASTEN, [found]);
      break;
    case 'cancel':
      await connection.run(DROP_NOTICES, [found]);
  }
  return changed;
}

function concerns(operation: HandOperation, { status }: LockedRecipient): boolean {
  switch (operation) {
    case 'release':
      return status === 'held';
    case 'retry':
      return isWaiting(status);
    case 'cancel':
      return status === 'held' || isWaiting(status);
  }
}

function change(
  operation: HandOperation,
  message: LockedMessage,
  recipients: readonly LockedRecipient[],
  { now, due, changes }: { now: number; due: number; changes: MessageChanges },
): void {
  const { id } = message;
  const statuses = message.recipients.map(({ status }) => status);
  for (const recipient of recipients) {
    const { position, attempts } = recipient;
    if (operation === 'cancel') {
      statuses[position] = 'cancelled';
      const number = attempts + 1;
      const cancelled = { ...recipient, status: 'cancelled', attempts: number, nextAttemptAt: null } as const;
      changes.recipient(id, position, cancelled);
      changes.attempt(message, position, number, cancellation(now));
    } else {
      if (operation === 'release') statuses[position] = 'queued';
      changes.recipient(id, position, {
        ...recipient,
        status: statuses[position] ?? recipient.status,
        nextAttemptAt: due,
      });
    }
  }
  changes.status(message, statusOf(statuses));
  if (operation === 'cancel') changes.dequeue(message);
  if (operation === 'release') changes.queued(message, now);
}

function cancellation(at: number): Attempt {
  return {
    at,
    outcome: 'cancelled',
    remoteHost: null,
    reply: 'taken off the queue by the operator',
    tls: null,
  };
}
