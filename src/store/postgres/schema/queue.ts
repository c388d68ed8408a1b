/** Tables of the messages that wait for delivery, and of the nodes that deliver them. */
import { turnsFunction } from './turns.js';

export const QUEUE = `
  -- A row for each message that has a recipient that is queued or deferred, and for no other one.
  CREATE TABLE queue (
    message_id    bigint PRIMARY KEY,
    domain_id     int NOT NULL,
    rank          smallint NOT NULL, -- minus the priority, so that all columns of the index go in one direction
    -- On the database's clock: the least next_attempt_at of its recipients; of a leased one, the lease's end.
    due_at        bigint NOT NULL,
    lease         bigint, -- an id of the node that has it: no number comes twice
    slot          int, -- the node that has the lease; it stays until the next one has it
    attempting    smallint NOT NULL DEFAULT 0, -- 1: an attempt has begun, 2: it has lasted for a while
    crashes       int NOT NULL DEFAULT 0, -- attempts in a row in which the node died
    crashed_alone boolean NOT NULL DEFAULT false -- nothing else was under way at the node in the last of them
  );
  ALTER TABLE queue SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX queue_by_turn ON queue (domain_id, rank, due_at);
  CREATE INDEX queue_by_time ON queue (due_at);
  CREATE INDEX queue_leased ON queue (domain_id, due_at) WHERE lease IS NOT NULL;
  CREATE INDEX queue_by_slot ON queue (slot) WHERE lease IS NOT NULL;

  -- Fails the statement that calls it: a message is not in the state that its holder remembers.
  CREATE FUNCTION refuse_settlement() RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the message has changed' USING ERRCODE = 'PS001';
  END $$;
  ${turnsFunction({ name: 'lease_messages', table: 'queue', key: 'message_id', order: 'q.due_at' })}
`;
