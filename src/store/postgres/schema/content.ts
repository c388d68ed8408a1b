/**
 * Contents, in chunks. Ids show their time, so a range of ids is a day: a partition for each day, made ahead by the nodes
 * (`partitions.ts`). Space is given back by emptying a partition that has no row left. What no partition is for goes to
 * the default one.
 */
export const CONTENT = `
  -- Not compressed, unless the server has lz4 (see below).
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

/**
 * Where the server has lz4, contents are compressed with it from now on: text of 64 KiB takes a sixth of the room, and is
 * accepted at twice the speed or more. pglz, which every server has, costs half of the speed instead.
 */
export const COMPRESSION = `
  DO $$ BEGIN
    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
      ALTER TABLE chunk ALTER COLUMN octets SET COMPRESSION lz4;
      ALTER TABLE chunk ALTER COLUMN octets SET STORAGE EXTENDED;
    END IF;
  END $$;
`;
