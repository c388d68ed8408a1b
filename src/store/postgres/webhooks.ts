/** SQL for webhooks and the events that are still to be sent. */
import { type EventRow, eventOf, type WebhookRow, webhookOf } from '../columns/webhook.js';
import type { Webhook, Webhooks } from '../webhooks.js';
import { int8Array } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';
import { capEvents } from './due-times.js';
import { LostLeases } from './lost-leases.js';
import type { Node } from './node.js';
import { inTurns, Turns } from './turns.js';

const SET = {
  name: 'webhook_set',
  text: `INSERT INTO webhook (domain_id, url, events, public_key, private_key, created_at)
    SELECT id, $2, $3::jsonb, $4, $5, $6 FROM domain WHERE name = $1 AND removed_at IS NULL
    ON CONFLICT (domain_id) DO UPDATE SET url = $2, events = $3::jsonb, off_since = NULL, off_reason = NULL`,
};
const WEBHOOKS =
  'SELECT webhook.*, domain.name AS domain FROM webhook JOIN domain ON domain.id = domain_id WHERE removed_at IS NULL';
const LIST = { name: 'webhook_list', text: `${WEBHOOKS} ORDER BY domain.name` };
const FIND = { name: 'webhook_find', text: `${WEBHOOKS} AND domain.name = $1` };
const REMOVE = {
  name: 'webhook_remove',
  text: `WITH removed AS (DELETE FROM webhook USING domain WHERE domain.id = domain_id AND domain.name = $1
      RETURNING domain_id),
    dropped AS (DELETE FROM webhook_event USING removed WHERE webhook_event.domain_id = removed.domain_id)
    SELECT domain_id FROM removed`,
};
const SWITCH_OFF = {
  name: 'webhook_off',
  text: `WITH dropped AS (DELETE FROM webhook_event WHERE domain_id = $1)
    UPDATE webhook SET off_since = $3, off_reason = $2 WHERE domain_id = $1 AND off_since IS NULL`,
};
const READ = {
  name: 'event_read',
  text: `SELECT id AS event, domain_id AS "domainId", name, message_id AS message, positions, attempt, at, attempts,
      crashes, crashed_alone AS "crashedAlone"
    FROM webhook_event WHERE id = ANY($1::int8[])`,
};
const BEGIN = {
  name: 'event_begin',
  text: 'UPDATE webhook_event SET attempting = greatest(attempting, 1) WHERE id = $1 AND lease IS NOT NULL',
};
const LASTS = {
  name: 'event_lasts',
  text: 'UPDATE webhook_event SET attempting = 2 WHERE id = $1 AND lease IS NOT NULL AND attempting = 1',
};
const END = { name: 'event_end', text: 'DELETE FROM webhook_event WHERE id = $1' };
const DEFER = {
  name: 'event_defer',
  text: `UPDATE webhook_event SET due_at = $2, lease = NULL, attempts = attempts + 1, attempting = 0, crashes = 0
    WHERE id = $1`,
};
/** The clock of the node that wrote an event may have been ahead. */
const FREE = {
  name: 'event_free',
  text: `UPDATE webhook_event SET lease = NULL, attempting = 0,
      due_at = least(at, (extract(epoch FROM clock_timestamp()) * 1000)::int8)
    WHERE slot = $1 AND lease BETWEEN $2 AND $3`,
};
const NEXT_DUE = { name: 'event_due', text: 'SELECT min(due_at) AS due FROM webhook_event' };

export function postgresWebhooks(connections: Connections, clock: DatabaseClock, node: Node): Webhooks {
  const turns = new Turns('lease_events', connections, node);
  const lost = new LostLeases(node, async (from, to) => {
    await connections.run(FREE, [node.slot, from, to]);
  });
  const find = async (domain: string): Promise<Webhook | null> => {
    const row = (await connections.run<WebhookRow>(FIND, [domain])).rows[0];
    return row === undefined ? null : webhookOf(row);
  };
  return {
    find,
    async set(domain, { url, events, keys }, now) {
      const { publicKey, privateKey } = keys;
      const values = [domain, url, JSON.stringify(events), Buffer.from(publicKey), Buffer.from(privateKey)];
      await connections.run(SET, [...values, now]);
      return find(domain);
    },
    remove: async (domain) => (await connections.run(REMOVE, [domain])).count > 0,
    list: async () => (await connections.run<WebhookRow>(LIST)).rows.map(webhookOf),
    async switchOff(domainId, reason, now) {
      await connections.run(SWITCH_OFF, [domainId, reason, now]);
    },
    leaseEvents: ({ now, until, limit, perDomain = Infinity }) => {
      // Before anything is waited for: the clock may be put back meanwhile.
      const times = { now: clock.toDatabase(now), until: clock.toDatabase(until) };
      return lost.guard(async () => {
        const claimed = await turns.claim({ ...times, limit, perDomain });
        if (claimed.length === 0) return [];
        const ids = int8Array(claimed.map(({ id }) => id));
        const { rows } = await connections.run<EventRow>(READ, [ids]);
        const events = new Map(rows.map((row) => [row.event, row]));
        return inTurns(claimed, ({ domainId }) => domainId).flatMap(({ id, dueAt }) => {
          const row = events.get(id);
          return row === undefined ? [] : eventOf(row, dueAt);
        });
      });
    },
    async beginEvent(event) {
      await connections.run(BEGIN, [event]);
    },
    async lastsEvent(event) {
      await connections.run(LASTS, [event]);
    },
    async endEvent(event) {
      await connections.run(END, [event]);
    },
    async deferEvent(event, at) {
      await connections.run(DEFER, [event, clock.toDatabase(at)]);
    },
    capEvents: (request) => capEvents(connections, clock, request),
    async nextEventDue() {
      const due = (await connections.run<{ due: number | null }>(NEXT_DUE)).rows[0]?.due ?? null;
      return due === null ? null : clock.fromDatabase(due);
    },
  };
}
