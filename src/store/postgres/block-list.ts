/** SQL for block lists. */
import type { BlockEntry, BlockList, BlockLists, BlockQuery, ExpiringEntry } from '../block-list.js';
import type { Scope } from '../port.js';
import { int8Array, textArray } from './arrays.js';
import type { Connection, Values } from './connection.js';
import type { Connections } from './connections.js';

const ENTRY = 'domain.name AS domain, address, verdict, since, reason';

const FIND = {
  name: 'block_find',
  text: `SELECT ${ENTRY} FROM block_entry JOIN domain ON domain.id = domain_id
    WHERE domain_id = $1 AND address = $2 AND (expires_at IS NULL OR expires_at > $3)`,
};
const ANY = {
  name: 'block_any',
  text: `SELECT 1 FROM block_entry WHERE domain_id = $1 AND verdict = 'blocked' LIMIT 1`,
};
// An allowed address stays allowed; a blocked one has been blocked since its first bounce.
const BOUNCED = {
  name: 'block_bounced',
  text: `INSERT INTO block_entry AS kept (domain_id, address, verdict, since, reason)
    VALUES ($1, $2, 'blocked', $3, $4)
    ON CONFLICT (domain_id, address) DO UPDATE SET verdict = 'blocked', since = excluded.since,
      reason = excluded.reason, expires_at = NULL WHERE kept.expires_at <= excluded.since`,
};
/** Of entries with the same address the last one counts. */
const PUT = {
  name: 'block_put',
  text: `INSERT INTO block_entry (domain_id, address, verdict, since, reason, expires_at)
    SELECT DISTINCT ON (domain.id, entry.address) domain.id, entry.address, verdict, since, reason, expires_at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], $6::int8[])
        WITH ORDINALITY AS entry (domain, address, verdict, since, reason, expires_at, place)
      JOIN domain ON domain.name = entry.domain
    WHERE removed_at IS NULL AND ($7::int IS NULL OR domain.id = $7)
    ORDER BY domain.id, entry.address, place DESC
    ON CONFLICT (domain_id, address) DO UPDATE SET verdict = excluded.verdict, since = excluded.since,
      reason = excluded.reason, expires_at = excluded.expires_at`,
};
const REMOVE = {
  name: 'block_remove',
  text: `DELETE FROM block_entry USING domain, unnest($1::text[], $2::text[]) AS entry (domain, address)
    WHERE domain.id = block_entry.domain_id AND domain.name = entry.domain
      AND block_entry.address = entry.address AND ($3::int IS NULL OR domain.id = $3)`,
};
/** The domains in the order of their names, each with its entries in the order of theirs. */
const pageOf = (columns: string, condition: string): string => `
  SELECT ${columns} FROM domain CROSS JOIN LATERAL (
    SELECT * FROM block_entry WHERE domain_id = domain.id AND ($2::text IS NULL OR verdict = $2)
      AND address > CASE WHEN domain.name > $3 THEN '' ELSE $4 END ${condition} ORDER BY address LIMIT $5) AS entry
  WHERE ($1::text IS NULL OR domain.name = $1) AND domain.name >= $3
  ORDER BY domain.name, address LIMIT $5`;
const LIST = { name: 'block_list', text: pageOf(ENTRY, '') };
const SEARCH = {
  name: 'block_search',
  text: pageOf(
    `${ENTRY}, expires_at AS "expiresAt"`,
    'AND ($6::int IS NULL OR domain_id = $6) AND (expires_at IS NULL OR expires_at > $7)',
  ),
};
const REMOVE_EXPIRED = { name: 'block_expire', text: 'DELETE FROM block_entry WHERE expires_at <= $1' };

export function postgresBlockList(connections: Connections, now: () => number): BlockList {
  return {
    async find(domainId, address) {
      const values = [domainId, address.toLowerCase(), now()];
      return (await connections.run<BlockEntry>(FIND, values)).rows[0] ?? null;
    },
    isEmpty: async (domainId) => (await connections.run(ANY, [domainId])).count === 0,
    put: async (entry) =>
      (await connections.run(PUT, putValues('all', [{ ...entry, expiresAt: null }]))).count > 0,
    remove: async (domain, address) =>
      (await connections.run(REMOVE, removeValues('all', [{ domain, address }]))).count > 0,
    list: async (query) => (await connections.run<BlockEntry>(LIST, pageValues(query))).rows,
  };
}

export function postgresBlockLists(connections: Connections): BlockLists {
  return {
    async search(scope, query, now) {
      const values = [...pageValues(query), idOf(scope), now];
      return (await connections.run<ExpiringEntry>(SEARCH, values)).rows;
    },
    putAll: async (scope, entries) => (await connections.run(PUT, putValues(scope, entries))).count,
    removeAll: async (scope, entries) => (await connections.run(REMOVE, removeValues(scope, entries))).count,
    removeExpired: async (now) => (await connections.run(REMOVE_EXPIRED, [now])).count,
  };
}

/** Blocks an address that a message bounced from, in the open transaction, unless it has an entry already. */
export async function blockBounced(
  connection: Connection,
  domainId: number,
  address: string,
  since: number,
  reason: string,
): Promise<void> {
  await connection.run(BOUNCED, [domainId, address.toLowerCase(), since, reason]);
}

function putValues(scope: Scope, entries: readonly ExpiringEntry[]): Values {
  return [
    textArray(entries.map(({ domain }) => domain)),
    textArray(entries.map(({ address }) => address.toLowerCase())),
    textArray(entries.map(({ verdict }) => verdict)),
    int8Array(entries.map(({ since }) => since)),
    textArray(entries.map(({ reason }) => reason)),
    int8Array(entries.map(({ expiresAt }) => expiresAt)),
    idOf(scope),
  ];
}

function removeValues(scope: Scope, entries: readonly Pick<BlockEntry, 'domain' | 'address'>[]): Values {
  return [
    textArray(entries.map(({ domain }) => domain)),
    textArray(entries.map(({ address }) => address.toLowerCase())),
    idOf(scope),
  ];
}

function pageValues({ domain, verdict, after, limit }: BlockQuery): Values {
  return [domain ?? null, verdict ?? null, after?.domain ?? '', after?.address ?? '', limit];
}

function idOf(scope: Scope): number | null {
  return scope === 'all' ? null : scope.domainId;
}
