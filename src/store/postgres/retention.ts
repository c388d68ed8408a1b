/** SQL that removes old messages, and returns free space. */
import type { DomainRetention } from '../domain-records.js';
import {
  hasAges,
  inSteps,
  NOTHING_REMOVED,
  positionAfter,
  type RemovalPosition,
  type RemovalProgress,
  type RemovalStep,
  type RemovedPart,
  STEP_MESSAGES,
  STEP_OCTETS,
  tooOld,
} from '../removal.js';
import type { Retention, RetentionRequest } from '../retention.js';
import { isFinal } from '../status.js';
import { STATUSES } from '../port.js';
import { installationLock } from './advisory-locks.js';
import { int8Array } from './arrays.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { Deltas, insertDeltas } from './deltas.js';
import { gaugesOf } from './gauges.js';
import { goesWithItsDay, OldDays } from './old-days.js';
import type { Partitions } from './partitions.js';
import { removeFinished } from './removing.js';

interface Rule extends DomainRetention {
  readonly id: number;
}

interface Row {
  readonly id: number;
  readonly receivedAt: number;
  readonly contentRemoved: boolean;
  readonly size: number;
}

/** One node removes at a time. Other installations in this database have tables of their own. */
const ALONE = {
  name: 'removal_lock',
  text: `SELECT pg_try_advisory_xact_lock(${installationLock('retention')}) AS alone`,
};
/** The first domain that has any rule: with rules for all, that is simply the next one. */
const RULES = {
  name: 'removal_rules',
  text: `SELECT id, content_age AS "contentAge", message_age AS "messageAge", content_octets AS "contentOctets"
    FROM domain WHERE id >= $1
      AND ($2 OR content_age IS NOT NULL OR message_age IS NOT NULL OR content_octets IS NOT NULL)
    ORDER BY id LIMIT 1`,
};
/** The finished messages of one domain, each status in the order of its index, merged. Those on which a notification is owed come too. */
const FINISHED = {
  name: 'removal_finished',
  text: `SELECT id, received_at AS "receivedAt", content_removed AS "contentRemoved", size FROM (${STATUSES.filter(
    isFinal,
  )
    .map(
      (status) => `(SELECT id, received_at, content_removed, size FROM message
        WHERE domain_id = $1 AND status = '${status}' AND id > $2 ORDER BY id LIMIT ${STEP_MESSAGES})`,
    )
    .join(' UNION ALL ')}) AS finished ORDER BY id LIMIT ${STEP_MESSAGES}`,
};
const OWED = {
  name: 'removal_owed',
  text: 'SELECT DISTINCT message_id AS id FROM owed_report WHERE message_id = ANY($1::int8[])',
};
const REMOVE_CONTENT = {
  name: 'removal_content',
  text: `WITH marked AS (UPDATE message SET content_removed = true
      WHERE id = ANY($1::int8[]) AND NOT content_removed RETURNING id, size),
    chunks AS (DELETE FROM chunk WHERE message_id = ANY($2::int8[]))
    SELECT id, size FROM marked`,
};
const COUNT = { name: 'count_changes', text: insertDeltas(1) };

/** @param now the clock by which ids are given out */
export function postgresRetention(
  connections: Connections,
  partitions: Partitions,
  now: () => number,
): Retention {
  const days = new OldDays(connections, now);
  const steps = inSteps((request, position) =>
    connections.transaction((connection) => removeOld(connection, request, position)),
  );
  return {
    async removeOld(request) {
      const removed = await steps(request);
      // The last step of a round.
      if (removed.contents === 0 && removed.messages === 0) await days.remove(request.contentBefore);
      return removed;
    },
    shrink: () => partitions.shrink(),
  };
}

async function removeOld(
  connection: Connection,
  request: RetentionRequest,
  { domainId, rule, after }: RemovalPosition,
): Promise<RemovalStep> {
  const end = { contents: 0, messages: 0, next: null };
  const [lock] = (await connection.run<{ alone: boolean }>(ALONE)).rows;
  if (lock?.alone !== true) return end;
  const forAll = request.contentBefore !== null || request.messagesBefore !== null;
  const [domain] = (await connection.run<Rule>(RULES, [domainId, forAll])).rows;
  if (domain === undefined) return end;
  // The domain of the position may have lost its rules meanwhile.
  const here = domain.id === domainId ? { rule, after } : ({ rule: 'age', after: 0 } as const);
  const { last, ...counts } =
    here.rule === 'age'
      ? await removeByAge(connection, request, domain, here.after)
      : await removeExcess(connection, domain, here.after);
  return { ...counts, next: positionAfter(domain.id, here.rule, last) };
}

async function removeByAge(
  connection: Connection,
  request: RetentionRequest,
  domain: Rule,
  after: number,
): Promise<RemovalProgress> {
  if (!hasAges(request, domain)) return NOTHING_REMOVED;
  const rows = await finishedOf(connection, domain, after);
  const limit = domain.contentAge === null ? request.contentBefore : null;
  return remove(connection, domain, rows, {
    what: (row) => tooOld(row, request, domain),
    stays: (id) => goesWithItsDay(id, limit),
  });
}

async function removeExcess(connection: Connection, domain: Rule, after: number): Promise<RemovalProgress> {
  if (domain.contentOctets === null) return NOTHING_REMOVED;
  const stored = (await gaugesOf(connection, [domain.id])).get(domain.id)?.contentOctets ?? 0;
  const excess = stored - domain.contentOctets;
  if (excess <= 0) return NOTHING_REMOVED;
  const rows = await finishedOf(connection, domain, after);
  return remove(connection, domain, rows, {
    most: excess,
    what: (row) => (row.contentRemoved ? 'nothing' : 'content'),
  });
}

async function finishedOf(connection: Connection, { id }: Rule, after: number): Promise<Row[]> {
  return (await connection.run<Row>(FINISHED, [id, after])).rows;
}

interface Removing {
  /** Returns which part of a message is removed. */
  readonly what: (row: Row) => RemovedPart;
  /** Nothing more goes once this many octets of content are removed. Default: all of the step. */
  readonly most?: number;
  /** Whether rows of a removed content stay until their day is dropped. Default: they are deleted. */
  readonly stays?: (id: number) => boolean;
}

async function remove(
  connection: Connection,
  { id: domainId }: Rule,
  rows: readonly Row[],
  { what, most = Infinity, stays = () => false }: Removing,
): Promise<RemovalProgress> {
  const owed = new Set(
    (await connection.run<{ id: number }>(OWED, [int8Array(rows.map(({ id }) => id))])).rows.map(
      ({ id }) => id,
    ),
  );
  const contents: number[] = [];
  const messages: number[] = [];
  let octets = 0;
  let last = rows.length < STEP_MESSAGES ? null : (rows.at(-1)?.id ?? null);
  for (const row of rows) {
    const part = owed.has(row.id) ? 'nothing' : what(row);
    if (part === 'nothing') continue;
    (part === 'message' ? messages : contents).push(row.id);
    if (!row.contentRemoved) octets += row.size;
    if (octets < Math.min(most, STEP_OCTETS)) continue;
    last = octets >= most ? null : row.id;
    break;
  }
  return {
    contents: await removeContents(connection, domainId, contents, stays),
    messages: messages.length === 0 ? 0 : (await removeFinished(connection, messages, stays)).size,
    last,
  };
}

async function removeContents(
  connection: Connection,
  domainId: number,
  ids: readonly number[],
  stays: (id: number) => boolean,
): Promise<number> {
  if (ids.length === 0) return 0;
  const { rows } = await connection.run<{ size: number }>(REMOVE_CONTENT, [
    int8Array(ids),
    int8Array(ids.filter((id) => !stays(id))),
  ]);
  const deltas = new Deltas();
  for (const { size } of rows) deltas.contentRemoved(domainId, size);
  await connection.run(COUNT, deltas.values());
  return rows.length;
}
