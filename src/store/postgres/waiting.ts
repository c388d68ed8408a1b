/** SQL for what waits, as an operator sees it. */
import type { AttemptOutcome, Waiting, WaitingQuery } from '../queue.js';
import { int8Array } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';

interface Row extends Omit<Waiting, 'lastAttempt'> {
  readonly at: number | null;
  readonly outcome: AttemptOutcome;
  readonly remoteHost: string | null;
  readonly reply: string;
  readonly tls: string | null;
}

/** Messages that one statement reads: a statement that runs long keeps the server from cleaning up. */
const PAGE = 100;

/** Messages with the two statuses, each in the order of its index. PostgreSQL does not merge them without limits of their own. */
const oldest = (condition: string): string =>
  `SELECT id FROM (${['queued', 'deferred']
    .map(
      (status) =>
        `(SELECT id FROM message WHERE status = '${status}' AND id > $1 ${condition} ORDER BY id LIMIT $2)`,
    )
    .join(' UNION ALL ')}) AS waiting ORDER BY id LIMIT $2`;
const ALL = { name: 'waiting', text: oldest('') };
const OF_DOMAIN = {
  name: 'waiting_domain',
  text: oldest('AND domain_id = (SELECT id FROM domain WHERE name = $3)'),
};
const RECIPIENTS = {
  name: 'waiting_recipients',
  text: `SELECT message.id, domain.name AS domain, header_from AS "from", forward_path AS "forwardPath",
      recipient.status, received_at AS "receivedAt", recipient.attempts, next_attempt_at AS "nextAttemptAt",
      queue.lease IS NOT NULL AND queue.due_at > $2 AS leased,
      attempt.at, outcome, remote_host AS "remoteHost", reply, attempt.tls
    FROM unnest($1::int8[]) AS wanted (id) JOIN message ON message.id = wanted.id
      JOIN domain ON domain.id = message.domain_id JOIN recipient ON recipient.message_id = message.id
      LEFT JOIN queue ON queue.message_id = message.id
      LEFT JOIN attempt ON attempt.message_id = message.id AND attempt.position = recipient.position
        AND attempt.number = recipient.attempts
    WHERE recipient.status IN ('queued', 'deferred') ORDER BY message.id, recipient.position`,
};

/** @param now the time that decides which leases have expired, on the node's clock */
export async function readWaiting(
  connections: Connections,
  clock: DatabaseClock,
  { domain, after = 0, limit }: WaitingQuery,
  now: number,
): Promise<Waiting[]> {
  const waiting: Waiting[] = [];
  let left = limit;
  for (let from = after; left > 0;) {
    const page = Math.min(PAGE, left);
    const { rows } =
      domain === undefined
        ? await connections.run<{ id: number }>(ALL, [from, page])
        : await connections.run<{ id: number }>(OF_DOMAIN, [from, page, domain]);
    if (rows.length === 0) break;
    const ids = int8Array(rows.map(({ id }) => id));
    const read = await connections.run<Row>(RECIPIENTS, [ids, clock.toDatabase(now)]);
    waiting.push(...read.rows.map((row) => waitingOf(row, clock)));
    if (rows.length < page) break;
    left -= rows.length;
    from = rows.at(-1)?.id ?? from;
  }
  return waiting;
}

function waitingOf({ at, outcome, remoteHost, reply, tls, ...row }: Row, clock: DatabaseClock): Waiting {
  const lastAttempt = at === null ? null : { at, outcome, remoteHost, reply, tls };
  return { ...row, nextAttemptAt: clock.fromDatabase(row.nextAttemptAt), lastAttempt };
}
