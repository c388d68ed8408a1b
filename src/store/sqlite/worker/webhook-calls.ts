/** SQL for the calls of webhooks. */
import { DUE_AT_ONCE } from '../../due-time.js';
import { STORE } from '../../limits.js';
import type { Scope } from '../../port.js';
import type { EventName, WebhookCall, WebhookCalls } from '../../webhooks.js';
import type { Database } from './database.js';

type Query = Parameters<WebhookCalls['list']>[1];

export class WebhookCallTable {
  readonly #insert;
  readonly #trim;
  readonly #list;
  readonly #ofMessage;
  readonly #redeliver;
  readonly #test;

  constructor(database: Database) {
    // Includes the data of the event, which is removed once it is sent, for a later redelivery.
    this.#insert = database.prepare(`
      INSERT INTO webhook_call (event, domain_id, name, message_id, at, duration, status, outcome, problem,
        positions, attempt)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
        (SELECT positions FROM webhook_event WHERE id = ?1), (SELECT attempt FROM webhook_event WHERE id = ?1))
      RETURNING id`);
    this.#trim = database.prepare(`
      DELETE FROM webhook_call WHERE domain_id = ?1 AND id <= (
        SELECT id FROM webhook_call WHERE domain_id = ?1 ORDER BY id DESC
        LIMIT 1 OFFSET ${STORE.callsOfDomain.initial})`);
    const columns = `webhook_call.id AS call, event, domain_id AS domainId, webhook_call.name AS name,
      message_id AS message, at, duration, status, outcome, problem`;
    const conditions = `
      AND (?1 IS NULL OR domain_id = ?1) AND (?2 IS NULL OR outcome = ?2)
      AND (?3 IS NULL OR domain_id = (SELECT id FROM domain WHERE name = ?3))
      ORDER BY webhook_call.id DESC LIMIT ?4`;
    this.#list = database.prepare(
      `SELECT ${columns} FROM webhook_call WHERE webhook_call.id < ?5 ${conditions}`,
    );
    this.#ofMessage = database.prepare(
      `SELECT ${columns} FROM webhook_call WHERE message_id = ?6 AND webhook_call.id < ?5 ${conditions}`,
    );
    const insertEvent = `
      INSERT INTO webhook_event (domain_id, name, message_id, positions, attempt, at, due_at)`;
    const positions = `(SELECT json_group_array(position) FROM recipient WHERE message_id = message.id)`;
    const on = 'JOIN webhook ON webhook.domain_id = message.domain_id AND off_since IS NULL';
    this.#redeliver = database.prepare(`
      ${insertEvent}
      SELECT message.domain_id, webhook_call.name, message.id, coalesce(positions, ${positions}), attempt, at,
        ${DUE_AT_ONCE}
      FROM webhook_call JOIN message ON message.id = message_id ${on}
      WHERE webhook_call.id = ?1 AND (?2 IS NULL OR message.domain_id = ?2) RETURNING id`);
    this.#test = database.prepare(`
      ${insertEvent}
      SELECT message.domain_id, ?3, message.id, ${positions},
        CASE WHEN ?3 = 'email.queued' THEN NULL ELSE json_object('at', ?4, 'outcome', substr(?3, 7),
          'remoteHost', NULL, 'reply', 'test event', 'tls', NULL) END, ?4, ${DUE_AT_ONCE}
      FROM message ${on} WHERE message.id = ?1 AND (?2 IS NULL OR message.domain_id = ?2) RETURNING id`);
  }

  record(call: Omit<WebhookCall, 'call'>): void {
    const { event, domainId, name, message, at, duration, status, outcome, problem } = call;
    this.#insert.get(event, domainId, name, message, at, duration, status, outcome, problem);
    this.#trim.run(domainId);
  }

  list(scope: Scope, { domain, message, outcome, before, limit }: Query): WebhookCall[] {
    const values = [
      idOf(scope),
      outcome ?? null,
      domain ?? null,
      limit,
      before ?? Number.MAX_SAFE_INTEGER,
    ] as const;
    if (message === undefined) return this.#list.all(...values) as WebhookCall[];
    return this.#ofMessage.all(...values, message) as WebhookCall[];
  }

  redeliver(scope: Scope, call: number): number | null {
    const row = this.#redeliver.get(call, idOf(scope)) as { id: number } | undefined;
    return row?.id ?? null;
  }

  test(scope: Scope, message: number, name: EventName, now: number): number | null {
    const row = this.#test.get(message, idOf(scope), name, now) as { id: number } | undefined;
    return row?.id ?? null;
  }
}

function idOf(scope: Scope): number | null {
  return scope === 'all' ? null : scope.domainId;
}
