/** The indexes that can give the candidates for a page, newest first. */
import type { Narrowed, Range } from '../narrowing.js';
import { STATUSES, type Status } from '../port.js';
import { int4Array, int8Array, textArray } from './arrays.js';
import type { Values } from './connection.js';
import type { Connections } from './connections.js';

export interface Found {
  /** Candidates for which all conditions hold that SQL checks, newest first. */
  readonly ids: readonly number[];
  /** All candidates of the range from this id on were looked at. One above the range's lower end if all were. */
  readonly from: number;
  /** How many were looked at, and the newest of them; null if there was none. */
  readonly looked: number;
  readonly newest: number | null;
}

/** An index, or several that are merged, from which candidates come. */
export interface Source {
  /** Looks at `limit` candidates or a few more, with bounded work. It may be none although there are more. */
  find(range: Range, limit: number): Promise<Found>;
}

/** Indexes that one statement merges at most; with more, each message of the domains is looked at. */
const MOST_BRANCHES = 60;

/** The conditions that are checked of each candidate, with parameters 4 to 9. */
const HOLDS = `($4::int4[] IS NULL OR m.domain_id = ANY($4)) AND ($5::text[] IS NULL OR m.status = ANY($5))
  AND ($6::int8 IS NULL OR m.received_at >= $6) AND ($7::int8 IS NULL OR m.received_at < $7)
  AND ($9::boolean IS NULL OR (m.reverse_path = '') = $9)
  AND (SELECT count(*) FROM unnest($8::text[]) AS wanted (name)
    WHERE NOT EXISTS (SELECT 1 FROM tag WHERE tag.name = wanted.name AND tag.message_id = m.id)) = 0`;
const COLUMNS = 'id, domain_id, status, received_at, reverse_path';
const NEWEST = 'AND id < $1 AND id > $2 ORDER BY id DESC LIMIT $3';

/** Each branch in the order of its index, with a limit of its own: PostgreSQL does not merge them without. */
const statement = (name: string, candidates: string) => ({
  name: `candidates_${name}`,
  text: `SELECT m.id, ${HOLDS} AS holds FROM (${candidates}) AS m ORDER BY m.id DESC LIMIT $3`,
});
const ALL = statement('all', `SELECT ${COLUMNS} FROM message WHERE true ${NEWEST}`);
const OF_STATUSES = statement(
  'statuses',
  `SELECT found.* FROM unnest($10::text[]) AS wanted (status) CROSS JOIN LATERAL (
    SELECT ${COLUMNS} FROM message WHERE status = wanted.status ${NEWEST}) AS found`,
);
const OF_DOMAINS = statement(
  'domains',
  `SELECT found.* FROM unnest($10::int4[]) AS owner (id) CROSS JOIN unnest($11::text[]) AS wanted (status)
    CROSS JOIN LATERAL (
      SELECT ${COLUMNS} FROM message WHERE domain_id = owner.id AND status = wanted.status ${NEWEST}) AS found`,
);
const OF_TAG = statement(
  'tag',
  `SELECT message.id, message.domain_id, status, received_at, reverse_path FROM (
      SELECT message_id FROM tag WHERE name = $10 AND message_id < $1 AND message_id > $2
      ORDER BY message_id DESC LIMIT $3) AS tagged JOIN message ON message.id = tagged.message_id`,
);
/**
 * Candidates that have the tag and one of the domains. By the tag alone, 1,000 candidates took 180 ms to find the 15 of one
 * domain of fifty; a page of a domain and a tag 234 ms in 717,000 messages (`store-listing-postgres.mjs`).
 */
const OF_TAG_IN_DOMAINS = statement(
  'tag_in_domains',
  `SELECT message.id, message.domain_id, status, received_at, reverse_path FROM (
      SELECT found.message_id FROM unnest($11::int4[]) AS owner (id) CROSS JOIN LATERAL (
        SELECT message_id FROM tag WHERE domain_id = owner.id AND name = $10 AND message_id < $1 AND message_id > $2
        ORDER BY message_id DESC LIMIT $3) AS found
      ORDER BY found.message_id DESC LIMIT $3) AS tagged JOIN message ON message.id = tagged.message_id`,
);
const GIVEN = statement('given', `SELECT ${COLUMNS} FROM message WHERE id = ANY($10::int8[]) ${NEWEST}`);

/** Returns those of some messages for which all conditions hold that SQL checks, newest first. */
export async function holding(
  connections: Connections,
  narrowed: Narrowed,
  ids: readonly number[],
): Promise<number[]> {
  const values = [Number.MAX_SAFE_INTEGER, 0, ids.length, ...conditionValues(narrowed), int8Array(ids)];
  const { rows } = await connections.run<{ id: number; holds: boolean }>(GIVEN, values);
  return rows.flatMap(({ id, holds }) => (holds ? [id] : []));
}

/** The parameters 4 to 9. */
function conditionValues({ narrowing, since, until, notifications }: Narrowed): Values {
  const { domainIds, statuses, tags } = narrowing;
  return [
    domainIds === null ? null : int4Array(domainIds),
    statuses === null ? null : textArray(statuses),
    whole(since, Math.ceil),
    whole(until, Math.ceil),
    textArray(tags),
    notifications,
  ];
}

/** A time as an integer of 64 bits, with which the comparison gives the same. */
function whole(time: number | null, round: (time: number) => number): number | null {
  if (time === null) return null;
  return Math.min(Math.max(round(time), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** Returns each index that narrows the messages, at least one: each of them gives all that match. */
export function sourcesOf(connections: Connections, narrowed: Narrowed): Source[] {
  const { domainIds, statuses, tags } = narrowed.narrowing;
  const source = (asked: typeof ALL, ...values: Values): Source => ({
    async find({ below, above }, limit) {
      const parameters = [below, above, limit, ...conditionValues(narrowed), ...values];
      const { rows } = await connections.run<{ id: number; holds: boolean }>(asked, parameters);
      const last = rows.at(-1)?.id;
      return {
        ids: rows.flatMap(({ id, holds }) => (holds ? [id] : [])),
        from: rows.length < limit || last === undefined ? above + 1 : last,
        looked: rows.length,
        newest: rows[0]?.id ?? null,
      };
    },
  });
  const sources = tags.map((tag) =>
    domainIds !== null && domainIds.length <= MOST_BRANCHES
      ? source(OF_TAG_IN_DOMAINS, tag, int4Array(domainIds))
      : source(OF_TAG, tag),
  );
  if (domainIds !== null && withDomains(domainIds, statuses)) {
    sources.push(source(OF_DOMAINS, int4Array(domainIds), textArray(statuses ?? STATUSES)));
  } else if (statuses !== null) sources.push(source(OF_STATUSES, textArray(statuses)));
  return sources.length > 0 ? sources : [source(ALL)];
}

/** Whether there are few enough parts of the index by domain and status. */
function withDomains(domainIds: readonly number[], statuses: readonly Status[] | null): boolean {
  return domainIds.length * (statuses ?? STATUSES).length <= MOST_BRANCHES;
}
