/**
 * What finds messages for the API. The words of messages are in an index that a node fills after the commits (`search/`):
 * each transaction that accepts adds a row to the journal, and the messages in the journal are read directly.
 */
export const MAIL = `
  -- How far the times of messages are from those of their ids, so that a time leads to a range of ids.
  CREATE TABLE time_span (
    hour bigint PRIMARY KEY, -- of the ids: store/time-spans.ts has their form
    low  bigint NOT NULL, -- received_at is at least this many milliseconds after the time of the id
    high bigint NOT NULL -- and at most this many
  );

  -- Messages that the index of words lacks.
  CREATE TABLE search_journal (
    id       bigint PRIMARY KEY, -- of the group that stored them
    messages bigint[] NOT NULL
  );
  ALTER TABLE search_journal SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);

  -- Ranges of ids. Each word has the number of its block before it, so that a search goes through one block at a time.
  CREATE TABLE search_block (
    number    int PRIMARY KEY,
    first     bigint NOT NULL, -- the least id in it; it ends where the next one begins
    documents int NOT NULL
  );
  INSERT INTO search_block VALUES (0, 0, 0);

  CREATE TABLE search_document (
    message_id bigint PRIMARY KEY,
    words      tsvector NOT NULL
  );
  -- With a list of pending entries, which the node that indexes empties at the end of each step: searches would go through
  -- it. Without the list each message goes into the index by itself, which takes four times as much processor time.
  CREATE INDEX search_words ON search_document USING gin (words) WITH (fastupdate = on);

  -- Messages that were stored after one with a greater id: late-messages.ts says what for.
  CREATE TABLE late_message (
    number     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- in the order in which they were stored
    message_id bigint NOT NULL UNIQUE,
    domain_id  int NOT NULL,
    above      bigint NOT NULL -- the greatest id that was stored before
  );
  CREATE INDEX late_message_by_domain ON late_message (domain_id, number);
  CREATE INDEX late_message_by_above ON late_message (above);

  CREATE FUNCTION message_removed() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM search_document USING gone WHERE search_document.message_id = gone.id;
    DELETE FROM late_message USING gone WHERE late_message.message_id = gone.id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER message_removed AFTER DELETE ON message REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION message_removed();

  -- Rises when a node has changed messages: other nodes look here for what a signal did not tell.
  CREATE TABLE mail_change (
    slot   int PRIMARY KEY,
    number bigint NOT NULL
  );
`;
