/**
 * Counters. A message touches some two dozen rows of the tables of counters, and those of a busy domain would be locked by
 * every transaction. So a transaction that changes counts appends one row that lists what it adds:
 *
 *     accept, settle, cancel, release, remove, retag ──► counter_delta ──► fold_counters ──► counter, gauge, ...
 *
 * `deltas.ts` writes the rows: the parts that change counts call it in their transactions. A node that folds takes rows
 * out and adds their sums to the tables in one transaction, under an advisory lock. So in any snapshot a count is what the
 * table says plus what the view `counter_pending` says, and readers add both in one statement.
 *
 * In pending rows names of tags and destinations are as they came: `fold_counters` counts those together, as `,other`, that
 * come after the first thousand of a domain and day. A reader who wants a name of its own looks into counted_name; a name
 * that is pending and not there yet may still become one of the others.
 */
export const COUNTERS = `
  CREATE TABLE counter (
    domain_id int NOT NULL, -- 0: all
    tag       text COLLATE "C" NOT NULL, -- empty: all messages
    unit      smallint NOT NULL, -- 0: hour, 1: day
    at        bigint NOT NULL, -- its beginning
    measure   smallint NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (domain_id, tag, unit, at, measure)
  ) WITH (fillfactor = 80);

  CREATE TABLE destination_counter (
    domain_id   int NOT NULL, -- 0: all
    day         bigint NOT NULL,
    destination text COLLATE "C" NOT NULL,
    measure     smallint NOT NULL,
    count       bigint NOT NULL,
    PRIMARY KEY (domain_id, day, destination, measure)
  ) WITH (fillfactor = 80);

  -- Stored messages by status, and octets of stored content.
  CREATE TABLE gauge (
    domain_id int NOT NULL,
    name      text COLLATE "C" NOT NULL,
    value     bigint NOT NULL,
    PRIMARY KEY (domain_id, name)
  ) WITH (fillfactor = 80);

  CREATE TABLE counted_name (
    kind      smallint NOT NULL, -- 0: tag, 2: destination
    domain_id int NOT NULL,
    day       bigint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, domain_id, day, name)
  );

  -- Columns of the same length: an entry is what they have at one index. No key, since nobody looks for a row.
  CREATE TABLE counter_delta (
    kinds      smallint[] NOT NULL, -- 0: counter, 1: gauge, 2: destination
    domain_ids int[] NOT NULL, -- never 0
    ats        bigint[] NOT NULL, -- the hour of a counter, the day of a destination, 0 for a gauge
    names      text[] NOT NULL, -- the tag or empty; the gauge's name; the destination
    measures   smallint[] NOT NULL, -- 0 for a gauge
    counts     bigint[] NOT NULL
  );
  ALTER TABLE counter_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0);

  CREATE VIEW counter_pending AS
    SELECT d.kind, d.domain_id, d.at, d.name, d.measure, d.count FROM counter_delta CROSS JOIN LATERAL
      unnest(kinds, domain_ids, ats, names, measures, counts) AS d (kind, domain_id, at, name, measure, count);

  -- Folds at most so many rows. Returns their number; 0 too if another node folds. The lock is "PSTN", number 1.
  CREATE FUNCTION fold_counters(p_rows int, p_names int) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE folded bigint;
  BEGIN
    IF NOT pg_try_advisory_xact_lock(1347638350, 1) THEN RETURN 0; END IF;
    WITH taken AS (
        DELETE FROM counter_delta WHERE ctid = ANY (ARRAY(SELECT ctid FROM counter_delta LIMIT p_rows))
        RETURNING *),
      tally AS MATERIALIZED (
        SELECT d.kind, d.domain_id, d.at, d.name, d.measure, sum(d.count)::bigint AS count
        FROM taken CROSS JOIN LATERAL
          unnest(kinds, domain_ids, ats, names, measures, counts) AS d (kind, domain_id, at, name, measure, count)
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(d.count) <> 0),
      asked AS (
        SELECT DISTINCT kind, domain_id, at - at % 86400000 AS day, name FROM tally WHERE kind <> 1 AND name <> ''),
      fresh AS MATERIALIZED (
        SELECT * FROM (
          SELECT asked.*, row_number() OVER (PARTITION BY kind, domain_id, day ORDER BY name) + (
            SELECT count(*) FROM counted_name c
            WHERE c.kind = asked.kind AND c.domain_id = asked.domain_id AND c.day = asked.day) AS place
          FROM asked WHERE NOT EXISTS (
            SELECT 1 FROM counted_name c WHERE c.kind = asked.kind AND c.domain_id = asked.domain_id
              AND c.day = asked.day AND c.name = asked.name)) numbered
        WHERE name <> ',other'),
      named AS (
        INSERT INTO counted_name SELECT kind, domain_id, day, name FROM fresh WHERE place <= p_names),
      counted AS MATERIALIZED (
        SELECT tally.kind, tally.domain_id, tally.at, tally.measure, tally.count,
          CASE WHEN fresh.place > p_names THEN ',other' ELSE tally.name END AS name
        FROM tally LEFT JOIN fresh ON fresh.kind = tally.kind AND fresh.domain_id = tally.domain_id
          AND fresh.day = tally.at - tally.at % 86400000 AND fresh.name = tally.name),
      counters AS (
        INSERT INTO counter AS old (domain_id, tag, unit, at, measure, count)
        SELECT owner, name, unit, start, measure, sum(count) FROM counted
          CROSS JOIN LATERAL (VALUES (domain_id), (0)) AS o (owner)
          CROSS JOIN LATERAL (VALUES (0, at), (1, at - at % 86400000)) AS u (unit, start)
        WHERE kind = 0 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (domain_id, tag, unit, at, measure) DO UPDATE SET count = old.count + excluded.count),
      destinations AS (
        INSERT INTO destination_counter AS old (domain_id, day, destination, measure, count)
        SELECT owner, at, name, measure, sum(count) FROM counted
          CROSS JOIN LATERAL (VALUES (domain_id), (0)) AS o (owner)
        WHERE kind = 2 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (domain_id, day, destination, measure) DO UPDATE SET count = old.count + excluded.count),
      gauges AS (
        INSERT INTO gauge AS old (domain_id, name, value)
        SELECT domain_id, name, sum(count) FROM counted WHERE kind = 1 GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (domain_id, name) DO UPDATE SET value = old.value + excluded.value)
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
  END $$;
`;
