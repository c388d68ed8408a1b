/** The processes that share the database. */
export const NODES = `
  -- Nodes by the number that their ids have. A row is never removed: the next node with the number starts after its ids.
  CREATE TABLE node (
    slot            int PRIMARY KEY,
    incarnation     bigint NOT NULL, -- the first id that the node gave out
    heartbeat_until timestamptz NOT NULL,
    last_id         bigint NOT NULL, -- no id above this one has been given out
    -- What a server says of itself; null for a command.
    name       text,
    version    text,
    process    int,
    started_at timestamptz,
    beat_at    timestamptz,
    draining   boolean NOT NULL DEFAULT false,
    load       jsonb
  );
`;
