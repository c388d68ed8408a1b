/** Webhooks, and the events that are still to be sent. */
import { turnsFunction } from './turns.js';

export const WEBHOOKS = `
  CREATE TABLE webhook (
    domain_id   int PRIMARY KEY REFERENCES domain,
    url         text NOT NULL,
    events      jsonb NOT NULL, -- an array of names
    public_key  bytea NOT NULL,
    private_key bytea NOT NULL,
    created_at  bigint NOT NULL,
    off_since   bigint,
    off_reason  text
  );

  -- Written in the transactions that they report: those that accept, settle and release.
  CREATE TABLE webhook_event (
    id            bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    domain_id     int NOT NULL,
    name          text COLLATE "C" NOT NULL,
    message_id    bigint NOT NULL,
    positions     text NOT NULL, -- a JSON array
    attempt       text, -- a JSON object
    at            bigint NOT NULL,
    attempts      int NOT NULL DEFAULT 0,
    rank          smallint NOT NULL DEFAULT 0, -- always 0: the function that leases has ranks
    due_at        bigint NOT NULL, -- on the database's clock; of a leased one, the lease's end
    lease         bigint,
    slot          int, -- the node that has the lease
    attempting    smallint NOT NULL DEFAULT 0, -- as in the table queue
    crashes       int NOT NULL DEFAULT 0,
    crashed_alone boolean NOT NULL DEFAULT false
  );
  ALTER TABLE webhook_event SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX webhook_event_by_turn ON webhook_event (domain_id, rank, due_at, id);
  CREATE INDEX webhook_event_by_time ON webhook_event (due_at);
  CREATE INDEX webhook_event_leased ON webhook_event (domain_id, due_at) WHERE lease IS NOT NULL;
  CREATE INDEX webhook_event_by_slot ON webhook_event (slot) WHERE lease IS NOT NULL;
  ${turnsFunction({ name: 'lease_events', table: 'webhook_event', key: 'id', order: 'q.due_at, q.id' })}
`;
