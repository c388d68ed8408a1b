/**
 * Numbers of stored messages by tag. As with the other counters, a transaction that puts tags on messages or takes them off
 * appends what it adds, here by triggers, and a node that folds adds the sums to the table: a count is what the table says plus
 * what is not folded yet.
 */
export const TAGS = `
  CREATE TABLE tag_count (
    domain_id int NOT NULL, -- 0: all
    name      text COLLATE "C" NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (domain_id, name)
  ) WITH (fillfactor = 80);
  CREATE INDEX tag_count_gone ON tag_count (domain_id) WHERE count = 0;

  -- No key, since nobody looks for a row.
  CREATE TABLE tag_delta (
    domain_id int NOT NULL, -- never 0
    name      text COLLATE "C" NOT NULL,
    count     bigint NOT NULL
  );
  ALTER TABLE tag_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);

  CREATE FUNCTION tags_added() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO tag_delta SELECT domain_id, name, count(*) FROM added GROUP BY 1, 2;
    RETURN NULL;
  END $$;
  CREATE FUNCTION tags_removed() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO tag_delta SELECT domain_id, name, -count(*) FROM removed GROUP BY 1, 2;
    RETURN NULL;
  END $$;

  -- Folds at most so many rows. Returns their number; 0 too if another node folds. The lock is "PSTN", number 6.
  CREATE FUNCTION fold_tags(p_rows int) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE folded bigint;
  BEGIN
    IF NOT pg_try_advisory_xact_lock(1347638350, 6) THEN RETURN 0; END IF;
    WITH taken AS (
        DELETE FROM tag_delta WHERE ctid = ANY (ARRAY(SELECT ctid FROM tag_delta LIMIT p_rows)) RETURNING *),
      counted AS (
        INSERT INTO tag_count AS old (domain_id, name, count)
        SELECT owner, name, sum(count) FROM taken CROSS JOIN LATERAL (VALUES (domain_id), (0)) AS o (owner)
        GROUP BY 1, 2 HAVING sum(count) <> 0 ORDER BY 1, 2
        ON CONFLICT (domain_id, name) DO UPDATE SET count = old.count + excluded.count)
    SELECT count(*) INTO folded FROM taken;
    DELETE FROM tag_count WHERE count = 0;
    RETURN folded;
  END $$;

  CREATE TRIGGER tags_added AFTER INSERT ON tag REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION tags_added();
  CREATE TRIGGER tags_removed AFTER DELETE ON tag REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION tags_removed();
  INSERT INTO tag_count (domain_id, name, count)
    SELECT owner, name, count(*) FROM tag CROSS JOIN LATERAL (VALUES (domain_id), (0)) AS o (owner) GROUP BY 1, 2;

  -- The newest message of a domain with a tag.
  CREATE INDEX tag_by_domain ON tag (domain_id, name, message_id);
`;
