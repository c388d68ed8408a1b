/**
 * The schema, as the steps that made it. `PRAGMA user_version` counts the steps taken. A step that has
 * been released is never edited: add another.
 */
export const MIGRATIONS: readonly string[] = [
  // 1: domains, tokens, messages and their content.
  `
  CREATE TABLE domain (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    removed_at INTEGER
  ) STRICT;

  CREATE TABLE token (
    digest     BLOB PRIMARY KEY,
    domain_id  INTEGER NOT NULL REFERENCES domain,
    expires_at INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX token_by_domain ON token (domain_id);

  CREATE TABLE message (
    id                INTEGER PRIMARY KEY,
    domain_id         INTEGER NOT NULL REFERENCES domain,
    status            TEXT NOT NULL,
    size              INTEGER NOT NULL,
    received_at       INTEGER NOT NULL,
    reverse_path      TEXT NOT NULL,
    header_from       TEXT NOT NULL,
    subject           TEXT,
    tags              TEXT, -- a JSON array in order, null where there are none; the table tag is its index
    list_unsubscribe  TEXT,
    header_message_id TEXT,
    tls               TEXT,
    client_address    TEXT NOT NULL
  ) STRICT;

  -- Newest first by status, and by domain with or without status: the listing of a domain merges its
  -- statuses. A third index would cost every accept and serve nobody.
  CREATE INDEX message_by_status ON message (status, id);
  CREATE INDEX message_by_domain ON message (domain_id, status, id);

  CREATE TABLE recipient (
    message_id   INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    forward_path TEXT NOT NULL,
    status       TEXT NOT NULL,
    PRIMARY KEY (message_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tag (
    name       TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    domain_id  INTEGER NOT NULL,
    PRIMARY KEY (name, message_id)
  ) STRICT, WITHOUT ROWID;

  -- Not WITHOUT ROWID: in such a table the octets would stand in the inner pages of the tree.
  CREATE TABLE chunk (
    message_id INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    octets     BLOB NOT NULL,
    PRIMARY KEY (message_id, sequence)
  ) STRICT;

  -- Messages that have chunks but are not committed: what is left here by a crash is removed.
  CREATE TABLE upload (
    message_id INTEGER PRIMARY KEY
  ) STRICT;
  `,

  // 2: what senders ask of the delivery. Null, or 0, where they asked for nothing.
  `
  ALTER TABLE message ADD COLUMN ret TEXT;
  ALTER TABLE message ADD COLUMN envelope_id TEXT;
  ALTER TABLE message ADD COLUMN release_at INTEGER;
  ALTER TABLE message ADD COLUMN deliver_by INTEGER;
  ALTER TABLE message ADD COLUMN deliver_by_mode TEXT; -- R or N, and T for a trace: RFC 2852 4
  ALTER TABLE message ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE message ADD COLUMN require_tls INTEGER NOT NULL DEFAULT 0;

  ALTER TABLE recipient ADD COLUMN notify TEXT; -- as in NOTIFY=: NEVER, or words with commas
  ALTER TABLE recipient ADD COLUMN original_recipient TEXT;
  `,
];
