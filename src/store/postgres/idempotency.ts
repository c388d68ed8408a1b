/** SQL for idempotency keys. */
import type { Completion, Idempotency, IdempotencyState } from '../idempotency.js';
import { StoreError } from '../port.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import type { Node } from './node.js';

/** Keys that one call removes. */
const STEP_KEYS = 500;
/** How often a key is asked for that another request frees just then. */
const TRIES = 5;

/** Takes the key if it is free, or if the node of the request that has it is gone. */
const BEGIN = {
  name: 'idempotency_begin',
  text: `INSERT INTO idempotency_key AS kept (domain_id, key, owner, until, node) VALUES ($1, $2, $3, $4, $6)
    ON CONFLICT (domain_id, key) DO UPDATE
      SET owner = excluded.owner, until = excluded.until, node = excluded.node, response = NULL
      WHERE kept.until <= $5 OR (kept.response IS NULL AND (kept.owner = excluded.owner
        OR NOT EXISTS (SELECT 1 FROM node WHERE incarnation = kept.node AND heartbeat_until >= now())))`,
};
const FIND = {
  name: 'idempotency_find',
  text: 'SELECT until, response FROM idempotency_key WHERE domain_id = $1 AND key = $2',
};
const OWN = 'domain_id = $1 AND key = $2 AND owner = $3 AND response IS NULL';
const RENEW = { name: 'idempotency_renew', text: `UPDATE idempotency_key SET until = $4 WHERE ${OWN}` };
const COMPLETE = {
  name: 'idempotency_complete',
  text: `UPDATE idempotency_key SET response = $4, until = $5 WHERE ${OWN}`,
};
const ABANDON = { name: 'idempotency_abandon', text: `DELETE FROM idempotency_key WHERE ${OWN}` };
const REMOVE_EXPIRED = {
  name: 'idempotency_expire',
  text: `DELETE FROM idempotency_key WHERE (domain_id, key) IN (
    SELECT domain_id, key FROM idempotency_key WHERE until <= $1 ORDER BY until LIMIT ${STEP_KEYS})`,
};

interface KeyRow {
  readonly until: number;
  readonly response: string | null;
}

export function postgresIdempotency(connections: Connections, node: Node): Idempotency {
  return {
    async begin({ domainId, key, owner, now, leaseUntil }): Promise<IdempotencyState> {
      for (let tries = 0; tries < TRIES; tries++) {
        const values = [domainId, key, owner, leaseUntil, now, node.incarnation];
        if ((await connections.run(BEGIN, values)).count > 0) return { state: 'begun' };
        const [row] = (await connections.run<KeyRow>(FIND, [domainId, key])).rows;
        if (row === undefined) continue;
        const { response, until } = row;
        return response === null ? { state: 'under-way', until } : { state: 'done', response };
      }
      throw new StoreError('failed', 'an idempotency key was taken and freed again and again');
    },
    renew: async ({ domainId, key }, owner, leaseUntil) =>
      (await connections.run(RENEW, [domainId, key, owner, leaseUntil])).count > 0,
    complete: (completion) => connections.with((connection) => complete(connection, completion)),
    async abandon({ domainId, key }, owner) {
      await connections.run(ABANDON, [domainId, key, owner]);
    },
    removeExpired: async (now) => (await connections.run(REMOVE_EXPIRED, [now])).count,
  };
}

/**
 * Keeps the response of a message that the open transaction stores.
 *
 * @throws StoreError `superseded` if the request has lost the key
 */
export async function completeWithMessage(connection: Connection, completion: Completion): Promise<void> {
  if (await complete(connection, completion)) return;
  throw new StoreError('superseded', 'the idempotency key of the message belongs to another request by now');
}

async function complete(
  connection: Connection,
  { domainId, key, owner, response, expiresAt }: Completion,
): Promise<boolean> {
  return (await connection.run(COMPLETE, [domainId, key, owner, response, expiresAt])).count > 0;
}
