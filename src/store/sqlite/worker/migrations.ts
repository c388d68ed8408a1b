/** Counts what is stored already, for the step that adds the counters. `counters.ts` has the numbers of the measures. */
const COUNT_STORED = `
  INSERT INTO gauge SELECT domain_id, status, count(*) FROM message GROUP BY domain_id, status;
  INSERT INTO gauge
    SELECT domain_id, 'octets', sum(size) FROM message WHERE content_removed = 0 GROUP BY domain_id;

  CREATE TEMP TABLE fact AS
    SELECT id AS message_id, domain_id, received_at AS at, 0 AS measure, 1 AS count FROM message
    UNION ALL
    SELECT id, domain_id, received_at, 1, (SELECT count(*) FROM recipient WHERE message_id = message.id)
    FROM message
    UNION ALL
    SELECT message_id, domain_id, at,
      CASE outcome WHEN 'delivered' THEN 2 WHEN 'deferred' THEN 3 WHEN 'bounced' THEN 4 ELSE 5 END, 1
    FROM attempt JOIN message ON message.id = message_id
    UNION ALL
    SELECT message_id, domain_id, at, 10 + (
      SELECT count(*) FROM json_each('[100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000, 300000,
        600000, 1800000, 3600000, 7200000, 14400000, 28800000, 57600000, 86400000, 172800000]')
      WHERE value < attempt.at - max(message.received_at, coalesce(message.release_at, 0))), 1
    FROM attempt JOIN message ON message.id = message_id WHERE outcome = 'delivered';

  INSERT INTO counter
    SELECT owner, tag, unit, at - at % (CASE unit WHEN 0 THEN 3600000 ELSE 86400000 END) AS start, measure,
      sum(count)
    FROM (SELECT message_id, domain_id AS owner, at, measure, count FROM fact
        UNION ALL SELECT message_id, 0, at, measure, count FROM fact)
      JOIN (SELECT 0 AS unit UNION ALL SELECT 1)
      JOIN (SELECT '' AS tag, id AS tagged FROM message UNION ALL SELECT name, message_id FROM tag)
        ON tagged = message_id
    GROUP BY owner, tag, unit, start, measure;
  DROP TABLE fact;
`;

/** Counts the stored messages by tag, of each domain and of all. */
export const COUNT_TAGS = `
  INSERT INTO tag_count SELECT domain_id, name, count(*) FROM tag GROUP BY domain_id, name;
  INSERT INTO tag_count SELECT 0, name, sum(count) FROM tag_count GROUP BY name;
`;

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
  // 3: the queue and its story, block lists, webhooks, DKIM keys, removed content.
  `
  ALTER TABLE message ADD COLUMN body TEXT;
  ALTER TABLE message ADD COLUMN smtputf8 INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE message ADD COLUMN content_removed INTEGER NOT NULL DEFAULT 0;

  ALTER TABLE recipient ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE recipient ADD COLUMN next_attempt_at INTEGER; -- null unless queued or deferred
  ALTER TABLE recipient ADD COLUMN delay_reported INTEGER NOT NULL DEFAULT 0;

  -- A row for each message that has a recipient that is queued or deferred, and for no other one.
  CREATE TABLE queue (
    message_id INTEGER PRIMARY KEY,
    domain_id  INTEGER NOT NULL,
    priority   INTEGER NOT NULL,
    -- When it may be leased: the least next_attempt_at of its recipients; of a leased one, the lease's end.
    due_at     INTEGER NOT NULL,
    lease      INTEGER
  ) STRICT;

  -- One domain and one priority after the other, each in the order in which it is due.
  CREATE INDEX queue_by_turn ON queue (domain_id, priority DESC, due_at);
  CREATE INDEX queue_by_time ON queue (due_at);
  CREATE INDEX queue_leased ON queue (domain_id, due_at) WHERE lease IS NOT NULL;

  -- The last number given to a lease.
  CREATE TABLE last_lease (number INTEGER NOT NULL) STRICT;
  INSERT INTO last_lease VALUES (0);

  CREATE TABLE attempt (
    message_id  INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    number      INTEGER NOT NULL, -- from 1
    at          INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    remote_host TEXT,
    reply       TEXT NOT NULL,
    tls         TEXT,
    PRIMARY KEY (message_id, position, number)
  ) STRICT, WITHOUT ROWID;

  -- A notification that a sender is owed, and the attempt that it is about.
  CREATE TABLE owed_report (
    message_id      INTEGER NOT NULL,
    position        INTEGER NOT NULL,
    kind            TEXT NOT NULL,
    attempt         INTEGER NOT NULL,
    next_attempt_at INTEGER,
    PRIMARY KEY (message_id, position)
  ) STRICT, WITHOUT ROWID;

  -- What senders scheduled, which earlier versions kept without a queue.
  UPDATE recipient SET next_attempt_at = (
    SELECT coalesce(release_at, received_at) FROM message WHERE message.id = recipient.message_id)
  WHERE status = 'queued' AND message_id IN (SELECT id FROM message WHERE status = 'queued');
  INSERT INTO queue (message_id, domain_id, priority, due_at)
    SELECT id, domain_id, priority, coalesce(release_at, received_at) FROM message WHERE status = 'queued';

  CREATE TABLE block_entry (
    domain_id INTEGER NOT NULL REFERENCES domain,
    address   TEXT NOT NULL, -- lower case
    verdict   TEXT NOT NULL,
    since     INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    PRIMARY KEY (domain_id, address)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX block_entry_by_verdict ON block_entry (domain_id, verdict);

  CREATE TABLE webhook (
    domain_id   INTEGER PRIMARY KEY REFERENCES domain,
    url         TEXT NOT NULL,
    events      TEXT NOT NULL, -- a JSON array
    public_key  BLOB NOT NULL,
    private_key BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    off_since   INTEGER,
    off_reason  TEXT
  ) STRICT;

  -- Events that are still to be told. AUTOINCREMENT: a number is never given twice.
  CREATE TABLE webhook_event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    domain_id  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    positions  TEXT NOT NULL, -- a JSON array
    attempt    TEXT, -- a JSON object
    at         INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL, -- of a leased one, the lease's end
    leased     INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE INDEX webhook_event_by_turn ON webhook_event (domain_id, due_at);
  CREATE INDEX webhook_event_by_time ON webhook_event (due_at);
  CREATE INDEX webhook_event_leased ON webhook_event (id) WHERE leased = 1;

  CREATE TABLE dkim_key (
    domain_id   INTEGER NOT NULL REFERENCES domain,
    selector    TEXT NOT NULL, -- lower case
    algorithm   TEXT NOT NULL,
    private_key BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (domain_id, selector)
  ) STRICT, WITHOUT ROWID;
  `,
  // 4: what contents need of servers, computed from their octets.
  `
  -- The sum of 1: octets above 127; 2: some of them in the header section; 4: NUL, or a bare CR or LF; 8: lines above
  -- 998 octets. Null for messages of earlier versions.
  ALTER TABLE message ADD COLUMN needs INTEGER;
  `,
  // 5: how a message came in; sign-in and idempotency keys of the API.
  `
  ALTER TABLE message ADD COLUMN origin TEXT; -- a JSON array: way, listener, hello

  CREATE TABLE session (
    digest         BLOB PRIMARY KEY,
    domain_id      INTEGER, -- null for the administrator
    created_at     INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    client_address TEXT NOT NULL,
    user_agent     TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX session_by_principal ON session (domain_id, last_seen_at);

  CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE idempotency_key (
    domain_id INTEGER NOT NULL REFERENCES domain,
    key       TEXT NOT NULL,
    owner     TEXT NOT NULL,
    until     INTEGER NOT NULL, -- end of the lease while there is no response, then of the response
    response  TEXT,
    PRIMARY KEY (domain_id, key)
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX idempotency_key_by_time ON idempotency_key (until);
  `,
  // 6: attempts that are under way, so that a message or an event that ends the process is known afterwards.
  `
  ALTER TABLE queue ADD COLUMN attempting INTEGER NOT NULL DEFAULT 0; -- 1 while an attempt is under way
  ALTER TABLE queue ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0; -- attempts in a row in which the server died
  ALTER TABLE queue ADD COLUMN crashed_alone INTEGER NOT NULL DEFAULT 0; -- 1: nothing else was under way in the last

  ALTER TABLE webhook_event ADD COLUMN attempting INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE webhook_event ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
  `,
  // 7: counters, webhook calls, expiry of block entries, retention by domain.
  `
  CREATE TABLE counter (
    domain_id INTEGER NOT NULL, -- 0: all
    tag       TEXT NOT NULL, -- empty: all messages
    unit      INTEGER NOT NULL, -- 0: hour, 1: day
    at        INTEGER NOT NULL, -- its beginning
    measure   INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (domain_id, tag, unit, at, measure)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE destination_counter (
    domain_id   INTEGER NOT NULL, -- 0: all
    day         INTEGER NOT NULL,
    destination TEXT NOT NULL,
    measure     INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (domain_id, day, destination, measure)
  ) STRICT, WITHOUT ROWID;

  -- Stored messages by status, and octets of stored content.
  CREATE TABLE gauge (
    domain_id INTEGER NOT NULL,
    name      TEXT NOT NULL,
    value     INTEGER NOT NULL,
    PRIMARY KEY (domain_id, name)
  ) STRICT, WITHOUT ROWID;

  ${COUNT_STORED}

  CREATE TABLE webhook_call (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    event      INTEGER NOT NULL,
    domain_id  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    duration   INTEGER NOT NULL,
    status     INTEGER,
    outcome    TEXT NOT NULL,
    problem    TEXT,
    positions  TEXT, -- of the event, as attempt is
    attempt    TEXT
  ) STRICT;

  CREATE INDEX webhook_call_by_domain ON webhook_call (domain_id, id);
  CREATE INDEX webhook_call_by_message ON webhook_call (message_id, id);

  ALTER TABLE block_entry ADD COLUMN expires_at INTEGER;
  CREATE INDEX block_entry_by_end ON block_entry (expires_at) WHERE expires_at IS NOT NULL;

  ALTER TABLE token ADD COLUMN created_at INTEGER;
  ALTER TABLE token ADD COLUMN last_used_at INTEGER;

  ALTER TABLE domain ADD COLUMN content_age INTEGER;
  ALTER TABLE domain ADD COLUMN message_age INTEGER;
  ALTER TABLE domain ADD COLUMN content_octets INTEGER;
  `,
  // 8: additions to the counters that are folded into them later, and the names that are counted by themselves.
  `
  CREATE TABLE counter_journal (
    id      INTEGER PRIMARY KEY,
    entries TEXT NOT NULL -- a line for each; counter-journal.ts has its form
  ) STRICT;

  CREATE TABLE counter_fold (
    last INTEGER NOT NULL, -- rows up to this one are being folded
    done INTEGER -- sums that are in the tables already; null: all
  ) STRICT;
  INSERT INTO counter_fold VALUES (0, NULL);

  CREATE TABLE counted_name (
    kind      INTEGER NOT NULL, -- 0: tag, 1: destination
    domain_id INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (kind, domain_id, day, name)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO counted_name
    SELECT DISTINCT 0, domain_id, at, tag FROM counter WHERE unit = 1 AND domain_id <> 0 AND tag <> '';
  INSERT INTO counted_name
    SELECT DISTINCT 1, domain_id, day, destination FROM destination_counter WHERE domain_id <> 0;
  `,
  // 9: DKIM keys that are off.
  `
  ALTER TABLE dkim_key ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
  `,
  // 10: how far the times of messages are from those of their ids, so that a time leads to a range of ids.
  `
  CREATE TABLE time_span (
    hour INTEGER PRIMARY KEY, -- of the ids: time-spans.ts has their form
    low  INTEGER NOT NULL, -- received_at is at least this many milliseconds after the time of the id
    high INTEGER NOT NULL -- and at most this many
  ) STRICT;
  INSERT INTO time_span
    SELECT id / 14745600000 AS hour, min(received_at - 1735689600000 - id / 4096),
      max(received_at - 1735689600000 - id / 4096)
    FROM message GROUP BY hour;
  `,
  // 11: the messages that the index of words lacks: search-journal.ts has its form.
  `
  CREATE TABLE search_journal (
    id       INTEGER PRIMARY KEY, -- never used again: the last row stays
    messages TEXT NOT NULL -- ids, with commas
  ) STRICT;
  INSERT INTO search_journal (messages) VALUES ('store ' || hex(randomblob(16)));
  `,
  // 12: whether an event was the only attempt under way in its last crash, as the queue has it for messages.
  `
  ALTER TABLE webhook_event ADD COLUMN crashed_alone INTEGER NOT NULL DEFAULT 0;
  `,
  // 13: messages that were stored after one with a greater id: late-messages.ts says what for.
  `
  CREATE TABLE late_message (
    number     INTEGER PRIMARY KEY, -- in the order in which they were stored
    message_id INTEGER NOT NULL UNIQUE,
    domain_id  INTEGER NOT NULL,
    above      INTEGER NOT NULL -- the greatest id that was stored before
  ) STRICT;
  CREATE INDEX late_message_by_domain ON late_message (domain_id);
  CREATE INDEX late_message_by_above ON late_message (above);

  CREATE TRIGGER late_message_removed AFTER DELETE ON message BEGIN
    DELETE FROM late_message WHERE message_id = old.id;
  END;
  `,
  // 14: numbers of stored messages by tag. They are counted as the others are, by the journal.
  `
  CREATE TABLE tag_count (
    domain_id INTEGER NOT NULL, -- 0: all
    name      TEXT NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (domain_id, name)
  ) STRICT, WITHOUT ROWID;
  ${COUNT_TAGS}
  `,
];
