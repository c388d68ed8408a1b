/**
 * The schema, as the steps that made it. The table `schema_version` counts the steps taken. A step that has been released
 * is never edited: add another. A step may only add, so that the version before it goes on working beside it.
 */
export const MIGRATIONS: readonly string[] = [
  // 1: domains, tokens, messages and their content.
  `
  CREATE TABLE domain (
    id         int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    created_at bigint NOT NULL,
    removed_at bigint
  );

  CREATE TABLE token (
    digest       bytea PRIMARY KEY,
    domain_id    int NOT NULL REFERENCES domain,
    expires_at   bigint,
    created_at   bigint,
    last_used_at bigint
  );
  CREATE INDEX token_by_domain ON token (domain_id);

  -- Settlements change rows in place where the page has room for it.
  CREATE TABLE message (
    id                bigint PRIMARY KEY,
    domain_id         int NOT NULL REFERENCES domain,
    status            text COLLATE "C" NOT NULL,
    size              bigint NOT NULL,
    received_at       bigint NOT NULL,
    reverse_path      text NOT NULL,
    header_from       text NOT NULL,
    subject           text,
    tags              text, -- a JSON array in order, null if there are none; the table tag is its index
    list_unsubscribe  text,
    header_message_id text,
    tls               text,
    client_address    text NOT NULL,
    needs             int,
    origin            text,
    ret               text,
    envelope_id       text,
    release_at        bigint,
    deliver_by        bigint,
    deliver_by_mode   text, -- R or N, and T for a trace: RFC 2852 4
    priority          int NOT NULL,
    require_tls       int NOT NULL,
    body              text,
    smtputf8          int NOT NULL,
    content_removed   boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 90);
  CREATE INDEX message_by_status ON message (status, id);
  CREATE INDEX message_by_domain ON message (domain_id, status, id);

  CREATE TABLE recipient (
    message_id         bigint NOT NULL,
    position           int NOT NULL,
    forward_path       text NOT NULL,
    status             text COLLATE "C" NOT NULL,
    notify             text, -- as in NOTIFY=: NEVER, or words with commas
    original_recipient text,
    attempts           int NOT NULL DEFAULT 0,
    next_attempt_at    bigint, -- null unless queued or deferred
    delay_reported     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (message_id, position)
  ) WITH (fillfactor = 90);

  CREATE TABLE tag (
    name       text COLLATE "C" NOT NULL,
    message_id bigint NOT NULL,
    domain_id  int NOT NULL,
    PRIMARY KEY (name, message_id)
  );

  CREATE TABLE attempt (
    message_id  bigint NOT NULL,
    position    int NOT NULL,
    number      int NOT NULL, -- from 1
    at          bigint NOT NULL,
    outcome     text NOT NULL,
    remote_host text,
    reply       text NOT NULL,
    tls         text,
    PRIMARY KEY (message_id, position, number)
  );

  -- Not compressed: what mail brings is compressed already, and pglz costs half of the speed.
  CREATE TABLE chunk (
    message_id bigint NOT NULL,
    sequence   int NOT NULL,
    octets     bytea NOT NULL,
    PRIMARY KEY (message_id, sequence)
  );
  ALTER TABLE chunk ALTER COLUMN octets SET STORAGE EXTERNAL;

  -- Messages that have chunks but are not committed, and the node that takes them.
  CREATE TABLE upload (
    message_id bigint PRIMARY KEY,
    slot       int NOT NULL
  );

  -- A row for each message that has a recipient that is queued or deferred, and for no other one.
  CREATE TABLE queue (
    message_id bigint PRIMARY KEY,
    domain_id  int NOT NULL,
    rank       smallint NOT NULL, -- minus the priority, so that all columns of the index go in one direction
    due_at     bigint NOT NULL, -- of a leased one, the lease's end
    lease      bigint,
    slot       int -- the node that has the lease
  );
  ALTER TABLE queue SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX queue_by_turn ON queue (domain_id, rank, due_at);
  CREATE INDEX queue_by_time ON queue (due_at);
  CREATE INDEX queue_leased ON queue (domain_id, due_at) WHERE lease IS NOT NULL;

  -- One row for each group of messages that was stored in one statement, or that must never be stored (fenced).
  CREATE TABLE accept_group (
    id     bigint PRIMARY KEY,
    fenced boolean NOT NULL
  );

  -- Nodes by the number that their ids have. A row is never removed: the next node with the number starts after its ids.
  CREATE TABLE node (
    slot            int PRIMARY KEY,
    incarnation     bigint NOT NULL, -- the first id that the node gave out
    heartbeat_until timestamptz NOT NULL,
    last_id         bigint NOT NULL -- no id above this one has been given out
  );
  `,
];
