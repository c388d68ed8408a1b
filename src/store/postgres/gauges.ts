/** Stored messages by status, and octets of stored content, of domains: the table together with what it lacks. */
import type { StoreTotals } from '../domain-records.js';
import { STATUSES, type Status } from '../port.js';
import { int4Array } from './arrays.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

const OF_DOMAINS = {
  name: 'gauges',
  text: `SELECT id, name, sum(value)::int8 AS value FROM (
      SELECT domain_id AS id, name, value FROM gauge WHERE domain_id = ANY($1::int4[])
      UNION ALL SELECT domain_id, name, count FROM counter_pending WHERE kind = 1 AND domain_id = ANY($1::int4[])
    ) AS gauges GROUP BY id, name`,
};
const OF_ALL = {
  name: 'gauges_all',
  text: `SELECT 0 AS id, name, sum(value)::int8 AS value FROM (
      SELECT name, value FROM gauge UNION ALL SELECT name, count FROM counter_pending WHERE kind = 1
    ) AS gauges GROUP BY name`,
};

interface GaugeRow {
  readonly id: number;
  readonly name: string;
  readonly value: number;
}

/** A connection, or any one of the pool. */
type Runner = Pick<Connection | Connections, 'run'>;

/** Returns the numbers of these domains, by their ids. */
export async function gaugesOf(
  runner: Runner,
  domainIds: readonly number[],
): Promise<Map<number, StoreTotals>> {
  const { rows } = await runner.run<GaugeRow>(OF_DOMAINS, [int4Array(domainIds)]);
  return new Map(domainIds.map((id) => [id, totalsOf(rows.filter((row) => row.id === id))]));
}

/** Returns the numbers of all domains together, removed ones included. */
export async function gaugesOfAll(runner: Runner): Promise<StoreTotals> {
  return totalsOf((await runner.run<GaugeRow>(OF_ALL)).rows);
}

function totalsOf(rows: readonly GaugeRow[]): StoreTotals {
  const valueOf = (wanted: string) => rows.find(({ name }) => name === wanted)?.value ?? 0;
  const messages = STATUSES.map((status) => [status, valueOf(status)]);
  return {
    messages: Object.fromEntries(messages) as Record<Status, number>,
    contentOctets: valueOf('octets'),
  };
}
