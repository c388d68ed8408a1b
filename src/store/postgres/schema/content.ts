/**
 * Contents, in chunks. Ids show their time, so a range of ids is a day: a partition for each day, made ahead by the nodes
 * (`partitions.ts`). Space is given back by emptying a partition that has no row left. What no partition is for goes to
 * the default one.
 */
export const CONTENT = `
  -- Not compressed: what mail brings is compressed already, and pglz costs half of the speed.
  CREATE TABLE chunk (
    message_id bigint NOT NULL,
    sequence   int NOT NULL,
    octets     bytea NOT NULL,
    PRIMARY KEY (message_id, sequence)
  ) PARTITION BY RANGE (message_id);
  ALTER TABLE chunk ALTER COLUMN octets SET STORAGE EXTERNAL;
  CREATE TABLE chunk_other PARTITION OF chunk DEFAULT;

  -- Messages that have chunks but are not committed, and the node that takes them.
  CREATE TABLE upload (
    message_id bigint PRIMARY KEY,
    slot       int NOT NULL
  );
  CREATE INDEX upload_by_slot ON upload (slot);
`;
