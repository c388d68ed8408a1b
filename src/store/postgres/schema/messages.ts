/**
 * Messages and what happens to their recipients.
 *
 * A transaction that changes recipients of a message locks the row of the message first (FOR UPDATE), several in the
 * order of their ids. So no two transactions decide on the same recipient, and none waits for another in a circle.
 */
export const MESSAGES = `
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
    next_attempt_at    bigint, -- on the database's clock; null unless queued or deferred
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

  -- A notification that a sender is owed, and the attempt that it is about.
  CREATE TABLE owed_report (
    message_id      bigint NOT NULL,
    position        int NOT NULL,
    kind            text NOT NULL,
    attempt         int NOT NULL,
    next_attempt_at bigint, -- on the database's clock
    PRIMARY KEY (message_id, position)
  );

  -- One row for each group of messages that was stored in one statement, or that must never be stored (fenced).
  CREATE TABLE accept_group (
    id     bigint PRIMARY KEY,
    fenced boolean NOT NULL
  );
`;
