/** Reads what a lease holds: the message, and the recipients that are due. */
import { needsOf } from '../columns/needs.js';
import { notifyOf, termsOf, type TermsRow } from '../columns/terms.js';
import { DUE_AT_ONCE } from '../due-time.js';
import type { Lease } from '../queue.js';
import { int8Array } from './arrays.js';
import type { Connections } from './connections.js';
import type { Claimed } from './turns.js';

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
  readonly crashes: number;
  readonly crashed_alone: boolean;
  /** Position, forward-path, notify, original recipient, attempts, whether a delay was reported. Null for none. */
  readonly due: readonly [number, string, string | null, string | null, number, boolean][] | null;
  readonly content: Uint8Array | null;
}

/** Only rows that have recipients that are due. A statement of its own after the lease: it sees what came before that. */
const READ = {
  name: 'lease_read',
  text: `SELECT message.*, domain.name AS domain, domain.created_at AS domain_created_at, queue.crashes,
      queue.crashed_alone, (
        SELECT json_agg(json_build_array(position, forward_path, notify, original_recipient, attempts,
          delay_reported) ORDER BY position)
        FROM recipient WHERE recipient.message_id = message.id AND next_attempt_at <= $2) AS due,
      CASE WHEN size <= $3 THEN (
        SELECT octets FROM chunk WHERE chunk.message_id = message.id AND sequence = 0) END AS content
    FROM unnest($1::int8[]) AS claimed (id) JOIN message ON message.id = claimed.id
      JOIN domain ON domain.id = message.domain_id JOIN queue ON queue.message_id = message.id`,
};

/** @param now on the database's clock; `until` is on the node's */
export async function readLeases(
  connections: Connections,
  claimed: readonly Claimed[],
  { now, until, contentOctets }: { now: number; until: number; contentOctets: number },
): Promise<Lease[]> {
  if (claimed.length === 0) return [];
  const ids = int8Array(claimed.map(({ id }) => id));
  const { rows } = await connections.run<Row>(READ, [ids, now, contentOctets]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return claimed.flatMap((each) => {
    const row = byId.get(each.id);
    return row === undefined ? [] : (leaseOf(each, row, until) ?? []);
  });
}

function leaseOf({ lease, dueAt }: Claimed, row: Row, until: number): Lease | null {
  if (row.due === null) return null;
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
    recipients: row.due.map(
      ([position, forwardPath, notify, originalRecipient, attempts, delayReported]) => ({
        ...{ position, forwardPath, notify: notifyOf(notify), originalRecipient, attempts, delayReported },
      }),
    ),
    until,
    ...(dueAt === DUE_AT_ONCE ? { hastened: true } : {}),
    ...(row.crashes === 0 ? {} : { crashes: { count: row.crashes, alone: row.crashed_alone } }),
    // Without the content if that is not there as a whole: it may have been removed.
    ...(content?.length === size ? { content } : {}),
  };
}
