/** Messages that a transaction has locked, as they are then: what it decides on stays true until it commits. */
import type { CountedMessage } from '../counting.js';
import type { Attempt, AttemptOutcome } from '../queue.js';
import type { StoredMessage, StoredRecipient } from '../settlement.js';
import { int8Array } from './arrays.js';
import type { Connection } from './connection.js';

export interface LockedRecipient extends StoredRecipient {
  readonly position: number;
  readonly forwardPath: string;
  readonly lastAttempt: Attempt | null;
}

/** Times at which recipients are due are on the database's clock. */
export interface LockedMessage extends StoredMessage, CountedMessage {
  readonly id: number;
  readonly priority: number;
  readonly recipients: readonly LockedRecipient[];
}

type MessageRow = Omit<LockedMessage, 'recipients' | 'lease'>;

interface RecipientRow extends StoredRecipient {
  readonly id: number;
  readonly position: number;
  readonly forwardPath: string;
  readonly isQueued: boolean;
  readonly lease: number | null;
  readonly at: number | null;
  readonly outcome: AttemptOutcome;
  readonly remoteHost: string | null;
  readonly reply: string;
  readonly tls: string | null;
}

const LOCK = {
  name: 'messages_lock',
  text: `SELECT id, domain_id AS "domainId", status, reverse_path AS "reversePath", tags, priority,
      received_at AS "receivedAt", release_at AS "releaseAt"
    FROM message WHERE id = ANY($1::int8[]) ORDER BY id FOR UPDATE`,
};
/** A statement of its own: it sees what the transactions wrote that had the rows locked. */
const READ = {
  name: 'messages_recipients',
  text: `SELECT recipient.message_id AS id, recipient.position, forward_path AS "forwardPath", status, attempts,
      next_attempt_at AS "nextAttemptAt", delay_reported AS "delayReported",
      queue.message_id IS NOT NULL AS "isQueued", queue.lease,
      attempt.at, outcome, remote_host AS "remoteHost", reply, tls
    FROM unnest($1::int8[]) AS locked (id) JOIN recipient ON recipient.message_id = locked.id
      LEFT JOIN queue ON queue.message_id = locked.id
      LEFT JOIN attempt ON attempt.message_id = locked.id AND attempt.position = recipient.position
        AND attempt.number = recipient.attempts
    ORDER BY recipient.message_id, recipient.position`,
};

/** Locks messages, in the order of their ids, and reads them. Those that do not exist are not in the result. */
export async function lockMessages(
  connection: Connection,
  ids: readonly number[],
): Promise<Map<number, LockedMessage>> {
  const wanted = int8Array(ids);
  const messages = (await connection.run<MessageRow>(LOCK, [wanted])).rows;
  if (messages.length === 0) return new Map();
  const { rows } = await connection.run<RecipientRow>(READ, [wanted]);
  const recipients = new Map<number, LockedRecipient[]>();
  const leases = new Map<number, number | null | undefined>();
  for (const row of rows) {
    const { id, lease, isQueued, at, outcome, remoteHost, reply, tls, ...recipient } = row;
    leases.set(id, isQueued ? lease : undefined);
    const lastAttempt = at === null ? null : { at, outcome, remoteHost, reply, tls };
    const of = recipients.get(id);
    if (of === undefined) recipients.set(id, [{ ...recipient, lastAttempt }]);
    else of.push({ ...recipient, lastAttempt });
  }
  return new Map(
    messages.map((message) => [
      message.id,
      { ...message, recipients: recipients.get(message.id) ?? [], lease: leases.get(message.id) },
    ]),
  );
}
