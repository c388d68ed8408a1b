/** Reads what a lease holds: the message, and the recipients that are due. */
import type { Status } from '../message.js';
import { needsOf } from '../columns/needs.js';
import { notifyOf, termsOf, type TermsRow } from '../columns/terms.js';
import { DUE_AT_ONCE } from '../due-time.js';
import type { Lease } from '../queue.js';
import { int8Array } from './arrays.js';
import type { Connections } from './connections.js';
import type { LockedMessage } from './locked.js';
import type { Claimed } from './turns.js';

/** Position, forward-path, notify, original recipient, attempts, whether a delay was reported, status, when it is due. */
type DueRecipient = readonly [number, string, string | null, string | null, number, boolean, Status, number];

interface Row extends TermsRow {
  readonly id: number;
  readonly needs: number | null;
  readonly domain_id: number;
  readonly domain: string;
  readonly domain_created_at: number;
  readonly reverse_path: string;
  readonly header_from: string;
  readonly tags: string | null;
  readonly header_message_id: string | null;
  readonly size: number;
  readonly received_at: number;
  readonly status: Status;
  readonly crashes: number;
  readonly crashed_alone: boolean;
  /** Number of all recipients, and those that are due: null for none. */
  readonly recipients: readonly [number, readonly DueRecipient[] | null];
  readonly content: Uint8Array | null;
}

/**
 * Only rows that have recipients that are due. A statement of its own after the lease: it sees what came before that. The
 * bounds of the ids keep it from opening the partitions of content of all other days, which it would do each time.
 */
const READ = {
  name: 'lease_read',
  text: `SELECT message.*, domain.name AS domain, domain.created_at AS domain_created_at, queue.crashes,
      queue.crashed_alone, (
        SELECT json_build_array(count(*), json_agg(json_build_array(position, forward_path, notify,
          original_recipient, attempts, delay_reported, status, next_attempt_at) ORDER BY position)
          FILTER (WHERE next_attempt_at <= $2))
        FROM recipient WHERE recipient.message_id = message.id) AS recipients,
      CASE WHEN size <= $3 THEN (
        SELECT octets FROM chunk WHERE chunk.message_id = message.id AND sequence = 0
          AND chunk.message_id BETWEEN $4 AND $5) END AS content
    FROM unnest($1::int8[]) AS claimed (id) JOIN message ON message.id = claimed.id
      JOIN domain ON domain.id = message.domain_id JOIN queue ON queue.message_id = message.id`,
};

interface ReadRequest {
  /** On the database's clock; `until` is on the node's. */
  readonly now: number;
  readonly until: number;
  readonly contentOctets: number;
}

/** @param remember is called with each lease of which all recipients are due, and with its message */
export async function readLeases(
  connections: Connections,
  claimed: readonly Claimed[],
  { now, until, contentOctets }: ReadRequest,
  remember: (lease: number, message: LockedMessage) => void,
): Promise<Lease[]> {
  if (claimed.length === 0) return [];
  const ids = claimed.map(({ id }) => id);
  const values = [int8Array(ids), now, contentOctets, Math.min(...ids), Math.max(...ids)];
  const { rows } = await connections.run<Row>(READ, values);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return claimed.flatMap((each) => {
    const row = byId.get(each.id);
    if (row === undefined) return [];
    const [all, due] = row.recipients;
    if (due === null) return [];
    if (due.length === all) remember(each.lease, messageOf(each.lease, row, due));
    return leaseOf(each, row, due, until);
  });
}

function messageOf(lease: number, row: Row, due: readonly DueRecipient[]): LockedMessage {
  return {
    ...{ id: row.id, lease, domainId: row.domain_id, status: row.status, tags: row.tags },
    ...{ reversePath: row.reverse_path, receivedAt: row.received_at, releaseAt: row.release_at },
    priority: row.priority,
    recipients: due.map(([position, forwardPath, , , attempts, delayReported, status, nextAttemptAt]) => ({
      ...{ position, forwardPath, attempts, delayReported, status, nextAttemptAt },
      lastAttempt: null,
    })),
  };
}

function leaseOf({ lease, dueAt }: Claimed, row: Row, due: readonly DueRecipient[], until: number): Lease {
  const { id, size, content } = row;
  return {
    lease,
    id,
    domain: { id: row.domain_id, name: row.domain, createdAt: row.domain_created_at },
    reversePath: row.reverse_path,
    from: row.header_from,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    messageId: row.header_message_id,
    size,
    receivedAt: row.received_at,
    terms: termsOf(row),
    needs: needsOf(row.needs),
    recipients: due.map(([position, forwardPath, notify, originalRecipient, attempts, delayReported]) => ({
      ...{ position, forwardPath, notify: notifyOf(notify), originalRecipient, attempts, delayReported },
    })),
    until,
    ...(dueAt === DUE_AT_ONCE ? { hastened: true } : {}),
    ...(row.crashes === 0 ? {} : { crashes: { count: row.crashes, alone: row.crashed_alone } }),
    // Without the content if that is not there as a whole: it may have been removed.
    ...(content?.length === size ? { content } : {}),
  };
}
