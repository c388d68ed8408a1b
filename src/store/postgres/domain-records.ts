/** SQL for domains as the API shows them. */
import { cancelMessagesOf } from '../cancel-domain.js';
import type { DomainRecord, DomainRecords, DomainRetention } from '../domain-records.js';
import type { Mail } from '../mail.js';
import type { Scope } from '../port.js';
import { int4Array } from './arrays.js';
import type { Connections } from './connections.js';
import type { Domains } from './domains.js';
import { gaugesOf, gaugesOfAll } from './gauges.js';
import { overlapsEnd } from './overlap.js';
import { revokeAll } from './sessions.js';

/** A use of a token is written at most this often, in milliseconds. */
const NOTED_MS = 60_000;
/** How long messages may take to be stored that are being stored when their domain is removed, in milliseconds. */
const ACCEPT_MS = 15_000;

const LIST = {
  name: 'records_list',
  text: `SELECT id, name, created_at AS "createdAt", content_age AS "contentAge", message_age AS "messageAge",
      content_octets AS "contentOctets"
    FROM domain WHERE removed_at IS NULL AND ($1::int4 IS NULL OR id = $1) AND ($2::text IS NULL OR name = $2)
      AND name > $3 AND position($4 IN name) > 0 ORDER BY name LIMIT $5`,
};
const TOKENS = {
  name: 'records_tokens',
  text: `SELECT domain_id AS "domainId", created_at AS "createdAt", last_used_at AS "lastUsedAt",
      expires_at AS "expiresAt"
    FROM token WHERE domain_id = ANY($1::int4[]) AND (expires_at IS NULL OR expires_at > $2)
    ORDER BY expires_at NULLS FIRST`,
};
const USED = {
  name: 'token_used',
  text: `UPDATE token SET last_used_at = $2
    WHERE digest = $1 AND (last_used_at IS NULL OR last_used_at <= $2 - ${NOTED_MS})`,
};
const SET_RETENTION = {
  name: 'records_retention',
  text: `UPDATE domain SET content_age = $3, message_age = $4, content_octets = $5
    WHERE name = $2 AND removed_at IS NULL AND ($1::int4 IS NULL OR id = $1)`,
};

interface DomainRow extends DomainRetention {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
}

type TokenRow = DomainRecord['tokens'][number] & { readonly domainId: number };

export function postgresDomainRecords(connections: Connections, domains: Domains, mail: Mail): DomainRecords {
  const records = async (
    scope: Scope,
    { name, contains = '', after = '', limit }: Asked,
    now: number,
  ): Promise<DomainRecord[]> => {
    const values = [idOf(scope), name ?? null, after, contains, limit];
    const { rows } = await connections.run<DomainRow>(LIST, values);
    const ids = rows.map(({ id }) => id);
    const gauges = await gaugesOf(connections, ids);
    const tokens = (await connections.run<TokenRow>(TOKENS, [int4Array(ids), now])).rows;
    return rows.flatMap(({ id, name, createdAt, ...retention }) => {
      const numbers = gauges.get(id);
      if (numbers === undefined) return [];
      const own = tokens.filter(({ domainId }) => domainId === id);
      return {
        ...{ id, name, createdAt, ...numbers },
        tokens: own.map(({ domainId: _, ...token }) => token),
        retention,
      };
    });
  };

  return {
    list: (scope, query, now) => records(scope, query, now),
    find: async (scope, name, now) => (await records(scope, { name, limit: 1 }, now))[0] ?? null,
    totals: () => gaugesOfAll(connections),
    async tokenUsed(digest, at) {
      // The next use is noted in its place.
      await connections.run(USED, [Buffer.from(digest), at]).catch(() => undefined);
    },
    async remove(scope, name, remainder, now) {
      const [found] = await records(scope, { name, limit: 1 }, now);
      if (found === undefined) return null;
      const domainId = await domains.removeWith(name, now, (connection, id) =>
        revokeAll(connection, { kind: 'domain', domainId: id }, null),
      );
      if (domainId === null) return null;
      if (remainder === 'keep') return 0;
      // What is being accepted at the moment is cancelled, too.
      await overlapsEnd(connections, ACCEPT_MS);
      return cancelMessagesOf(mail, domainId, now);
    },
    async setRetention(scope, name, { contentAge, messageAge, contentOctets }) {
      const values = [idOf(scope), name, contentAge, messageAge, contentOctets];
      return (await connections.run(SET_RETENTION, values)).count > 0;
    },
  };
}

/** Which domains to return. */
interface Asked {
  readonly name?: string;
  readonly contains?: string;
  readonly after?: string;
  readonly limit: number;
}

function idOf(scope: Scope): number | null {
  return scope === 'all' ? null : scope.domainId;
}
