/** SQL that reads counters: what the tables have, and what is not folded into them yet, in one statement. */
import { checkStatistics } from '../bounds.js';
import { type CountedAt, countsOf, type DestinationCount, slowest } from '../counter-rows.js';
import { allFactsOf, isNotification, TABLES, tagsOf, UNITS } from '../counting.js';
import type { Scope } from '../port.js';
import type { AttemptOutcome } from '../queue.js';
import type { Statistics, StatisticsQuery, TagCount } from '../statistics.js';
import { DAY, floor, HOUR } from '../time.js';
import type { Connections } from './connections.js';

/** Messages that one step of a recount reads. */
const STEP_MESSAGES = 500;
/** The number that the counters have for all domains. */
const ALL = 0;

const DOMAIN = { name: 'statistics_domain', text: 'SELECT id FROM domain WHERE name = $1' };
const COUNTS = {
  name: 'statistics_counts',
  text: `SELECT at, measure, sum(count)::int8 AS count FROM (
      SELECT at, measure, count FROM counter
      WHERE domain_id = $1 AND tag = $2 AND unit = $3 AND at >= $4 AND at < $5
      UNION ALL SELECT at - at % $6::int8, measure, count FROM counter_pending
      WHERE kind = ${TABLES.counter} AND ($1 = ${ALL} OR domain_id = $1) AND name = $2
        AND at - at % $6::int8 >= $4 AND at - at % $6::int8 < $5
    ) AS counted GROUP BY at, measure`,
};
const DESTINATIONS = {
  name: 'statistics_destinations',
  text: `SELECT destination, measure, sum(count)::int8 AS count FROM (
      SELECT destination, measure, count FROM destination_counter WHERE domain_id = $1 AND day >= $2 AND day < $3
      UNION ALL SELECT name, measure, count FROM counter_pending
      WHERE kind = ${TABLES.destination} AND ($1 = ${ALL} OR domain_id = $1) AND at >= $2 AND at < $3
    ) AS counted GROUP BY destination, measure`,
};
/** Tags that a page may have. */
const WANTED_TAGS = `name > $1 AND name >= $2 AND name < $2 || chr(1114111)`;
/** Of the table as many more as are not folded yet: so many of them may have no message left. */
const TAGS = {
  name: 'statistics_tags',
  text: `WITH pending AS MATERIALIZED (
      SELECT name, count FROM tag_delta WHERE ($4 = ${ALL} OR domain_id = $4) AND ${WANTED_TAGS}),
    counted AS (
      SELECT name, sum(count)::int8 AS messages FROM (
        (SELECT name, count FROM tag_count WHERE domain_id = $4 AND ${WANTED_TAGS}
          ORDER BY name LIMIT $3 + (SELECT count(*) FROM pending))
        UNION ALL SELECT name, count FROM pending) AS counts
      GROUP BY name HAVING sum(count) > 0 ORDER BY name LIMIT $3)
    SELECT counted.name AS tag, messages, received_at AS "lastUsed" FROM counted JOIN message ON message.id = (
      CASE WHEN $4 = ${ALL} THEN (SELECT max(message_id) FROM tag WHERE tag.name = counted.name)
      ELSE (SELECT max(message_id) FROM tag WHERE domain_id = $4 AND tag.name = counted.name) END)
    ORDER BY counted.name`,
};
const MESSAGES = {
  name: 'statistics_messages',
  text: `SELECT id, domain_id AS "domainId", tags, reverse_path AS "reversePath", received_at AS "receivedAt",
      release_at AS "releaseAt",
      (SELECT count(*) FROM recipient WHERE message_id = message.id) AS recipients,
      coalesce((SELECT json_agg(json_build_object('outcome', outcome, 'at', at)) FROM attempt
        WHERE message_id = message.id), '[]') AS attempts
    FROM message WHERE id > $1 ORDER BY id LIMIT ${STEP_MESSAGES}`,
};

interface MessageRow {
  readonly id: number;
  readonly domainId: number;
  readonly tags: string | null;
  readonly reversePath: string;
  readonly receivedAt: number;
  readonly releaseAt: number | null;
  readonly recipients: number;
  readonly attempts: readonly { readonly outcome: AttemptOutcome; readonly at: number }[];
}

export function postgresStatistics(connections: Connections): Statistics {
  /** The number that the counters have for a domain; null if it is not in the scope. */
  const ownerOf = async (scope: Scope, domain: string | undefined): Promise<number | null> => {
    if (domain === undefined) return scope === 'all' ? ALL : scope.domainId;
    const id = (await connections.run<{ id: number }>(DOMAIN, [domain])).rows[0]?.id;
    return id === undefined || (scope !== 'all' && scope.domainId !== id) ? null : id;
  };

  return {
    async counts(scope, query) {
      checkStatistics(query);
      const { domain, tag = '', unit, since, until } = query;
      const owner = await ownerOf(scope, domain);
      if (owner === null) return [];
      const length = unit === 'hour' ? HOUR : DAY;
      const values = [owner, tag, UNITS[unit], floor(since, length), Math.ceil(until), length];
      return countsOf((await connections.run<CountedAt>(COUNTS, values)).rows);
    },
    async tags(scope, { domain, prefix = '', after = '', limit }) {
      const owner = await ownerOf(scope, domain);
      if (owner === null) return [];
      return (await connections.run<TagCount>(TAGS, [after, prefix, limit, owner])).rows;
    },
    async destinations(scope, { domain, since, until, limit }) {
      const owner = await ownerOf(scope, domain);
      if (owner === null) return [];
      const values = [owner, floor(since, DAY), Math.ceil(until)];
      return slowest((await connections.run<DestinationCount>(DESTINATIONS, values)).rows, limit);
    },
    async recount(scope, query) {
      const owner = await ownerOf(scope, query.domain);
      if (owner === null) return [];
      const facts: CountedAt[] = [];
      for (let after = 0; ;) {
        const { rows } = await connections.run<MessageRow>(MESSAGES, [after]);
        for (const row of rows)
          if (owner === ALL || owner === row.domainId) facts.push(...factsOf(row, query));
        after = rows.at(-1)?.id ?? 0;
        if (rows.length < STEP_MESSAGES) return countsOf(facts);
      }
    },
  };
}

/** The numbers that a stored message has added to the counters that a query asks for. */
function factsOf(message: MessageRow, { tag, unit, since, until }: StatisticsQuery): CountedAt[] {
  if (isNotification(message.reversePath)) return [];
  if (tag !== undefined && !tagsOf(message).includes(tag)) return [];
  const length = unit === 'hour' ? HOUR : DAY;
  return allFactsOf(message, message.recipients, message.attempts).flatMap(({ measure, at, count }) => {
    const start = floor(at, length);
    return at >= floor(since, length) && start < until ? [{ at: start, measure, count }] : [];
  });
}
