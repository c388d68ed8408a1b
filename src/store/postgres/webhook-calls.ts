/** SQL for the calls of webhooks. */
import { DUE_AT_ONCE } from '../due-time.js';
import { STORE } from '../limits.js';
import type { Scope } from '../port.js';
import type { WebhookCall, WebhookCalls } from '../webhooks.js';
import type { Connections } from './connections.js';

// Includes the data of the event, which is removed once it is sent, for a later redelivery.
const INSERT = {
  name: 'call_insert',
  text: `INSERT INTO webhook_call (event, domain_id, name, message_id, at, duration, status, outcome, problem,
      positions, attempt)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
      (SELECT positions FROM webhook_event WHERE id = $1), (SELECT attempt FROM webhook_event WHERE id = $1))`,
};
const TRIM = {
  name: 'call_trim',
  text: `DELETE FROM webhook_call WHERE domain_id = $1 AND id <= (
    SELECT id FROM webhook_call WHERE domain_id = $1 ORDER BY id DESC LIMIT 1 OFFSET ${STORE.callsOfDomain.initial})`,
};
const COLUMNS = `id AS call, event, domain_id AS "domainId", name, message_id AS message, at, duration, status,
  outcome, problem`;
const CONDITIONS = `($1::int4 IS NULL OR domain_id = $1) AND ($2::text IS NULL OR outcome = $2)
  AND ($3::text IS NULL OR domain_id = (SELECT id FROM domain WHERE name = $3)) AND id < $4
  ORDER BY id DESC LIMIT $5`;
const LIST = { name: 'call_list', text: `SELECT ${COLUMNS} FROM webhook_call WHERE ${CONDITIONS}` };
const OF_DOMAIN = {
  name: 'call_of_domain',
  text: `SELECT ${COLUMNS} FROM webhook_call WHERE domain_id = $6 AND ${CONDITIONS}`,
};
const OF_MESSAGE = {
  name: 'call_of_message',
  text: `SELECT ${COLUMNS} FROM webhook_call WHERE message_id = $6 AND ${CONDITIONS}`,
};
const INSERT_EVENT =
  'INSERT INTO webhook_event (domain_id, name, message_id, positions, attempt, at, due_at)';
const POSITIONS = `(SELECT json_agg(position ORDER BY position)::text FROM recipient WHERE message_id = message.id)`;
const ON = 'JOIN webhook ON webhook.domain_id = message.domain_id AND off_since IS NULL';
const REDELIVER = {
  name: 'call_redeliver',
  text: `${INSERT_EVENT}
    SELECT message.domain_id, webhook_call.name, message.id, coalesce(positions, ${POSITIONS}), attempt, at,
      ${DUE_AT_ONCE}
    FROM webhook_call JOIN message ON message.id = message_id ${ON}
    WHERE webhook_call.id = $1 AND ($2::int4 IS NULL OR message.domain_id = $2) RETURNING id`,
};
const TEST = {
  name: 'call_test',
  text: `${INSERT_EVENT}
    SELECT message.domain_id, $3::text, message.id, ${POSITIONS},
      CASE WHEN $3::text = 'email.queued' THEN NULL ELSE json_build_object('at', $4::int8,
        'outcome', substr($3::text, 7), 'remoteHost', NULL, 'reply', 'test event', 'tls', NULL)::text END, $4, ${DUE_AT_ONCE}
    FROM message ${ON} WHERE message.id = $1 AND ($2::int4 IS NULL OR message.domain_id = $2) RETURNING id`,
};

export function postgresWebhookCalls(connections: Connections): WebhookCalls {
  return {
    record: (call) =>
      connections.transaction(async (connection) => {
        await connection.exec('SET LOCAL synchronous_commit = off');
        const { event, domainId, name, message, at, duration, status, outcome, problem } = call;
        const values = [event, domainId, name, message, at, duration, status, outcome, problem];
        await connection.run(INSERT, values);
        await connection.run(TRIM, [domainId]);
      }),
    async list(scope, { domain, message, outcome, before, limit }) {
      const values = [idOf(scope), outcome ?? null, domain ?? null, before ?? Number.MAX_SAFE_INTEGER, limit];
      const rows = async (statement: typeof LIST, ...more: number[]) =>
        (await connections.run<WebhookCall>(statement, [...values, ...more])).rows;
      if (message !== undefined) return rows(OF_MESSAGE, message);
      return scope === 'all' ? rows(LIST) : rows(OF_DOMAIN, scope.domainId);
    },
    async redeliver(scope, call) {
      return (await connections.run<{ id: number }>(REDELIVER, [call, idOf(scope)])).rows[0]?.id ?? null;
    },
    async test(scope, message, name, now) {
      const values = [message, idOf(scope), name, now];
      return (await connections.run<{ id: number }>(TEST, values)).rows[0]?.id ?? null;
    },
  };
}

function idOf(scope: Scope): number | null {
  return scope === 'all' ? null : scope.domainId;
}
