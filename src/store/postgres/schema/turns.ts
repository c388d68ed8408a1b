/** The function that leases rows of a table, domain by domain in turn. */

/** The greatest int. */
const MOST_INT4 = 2 ** 31 - 1;

interface Line {
  /** Name of the function. */
  readonly name: string;
  /** The table. It has domain_id, rank, due_at, lease and slot, and an index by domain, rank and time. */
  readonly table: string;
  /** Its key, a bigint. */
  readonly key: string;
  /** The order within a rank; it begins with `due_at`. */
  readonly order: string;
}

/**
 * Returns the SQL that makes a function. It leases rows that are due, and returns the keys of the rows with the numbers of
 * their leases. A row that another transaction has locked is passed over.
 *
 * First turn: one row of each domain, from the domain after the one that had the last turn. Then the domains that still
 * have some get even shares of what is left. A lease moves its row back in the line to the lease's own end, so that a
 * lease that has expired makes the row due again by itself.
 *
 * Each statement handles all domains of a turn: a statement for each domain costs a half more of the server's processor
 * time. The settings of the function keep it from plans for the values of a single call: those go through a million rows,
 * and PostgreSQL makes five of them on each new connection: 0.9 thousand leases a second, not 17.
 */
export function turnsFunction({ name, table, key, order }: Line): string {
  /** A row that is due in the line of a domain and rank `u`. */
  const line = (more: string, limit: string) => `
          SELECT q.${key} AS id, q.due_at FROM ${table} q
          WHERE q.domain_id = u.d AND q.rank = u.rk AND q.due_at <= p_now ${more}
          ORDER BY ${order} LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  /** The rank after that of `u`; null if there is none. */
  const nextRank = `(
          SELECT q.rank::int FROM ${table} q WHERE q.domain_id = u.d AND q.rank > u.rk ORDER BY q.rank LIMIT 1)`;
  /** The first rank of the first domain after one. */
  const nextDomain = (after: string) => `
          SELECT q.domain_id, q.rank::int FROM ${table} q
          WHERE q.domain_id > ${after} AND q.domain_id <= upto ORDER BY q.domain_id, q.rank LIMIT 1`;
  return `
  CREATE FUNCTION ${name}(p_now bigint, p_until bigint, p_after int, p_limit int, p_per int, p_leases bigint[], p_slot int)
  RETURNS TABLE (id bigint, lease bigint, domain_id int, was_due_at bigint) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off AS $$
  #variable_conflict use_column
  DECLARE
    ids bigint[] := '{}'; dues bigint[] := '{}'; places bigint[] := '{}'; -- what is leased; its order
    ds int[] := '{}'; rks int[] := '{}'; rooms int[] := '{}'; -- domains that may have more, and their ranks at hand
    new_ds int[]; new_rks int[]; new_rooms int[]; new_places bigint[]; -- those without a row so far
    d int := p_after; upto int := ${MOST_INT4}; place bigint := 0; last int; live int; quota int;
  BEGIN
    WHILE cardinality(ids) < p_limit LOOP
      WITH RECURSIVE step AS (
        (SELECT first.*, 1 AS n FROM (${nextDomain('d')}) first)
        UNION ALL
        SELECT next.*, step.n + 1 FROM step CROSS JOIN LATERAL (${nextDomain('step.domain_id')}) next
        WHERE step.n < p_limit - cardinality(ids))
      SELECT max(domain_id), array_agg(domain_id) FILTER (WHERE room > 0), array_agg(rank) FILTER (WHERE room > 0),
        array_agg(room) FILTER (WHERE room > 0), array_agg(place + n) FILTER (WHERE room > 0)
      INTO last, new_ds, new_rks, new_rooms, new_places
      FROM (
        SELECT step.*, p_per - (SELECT count(*) FROM (
          SELECT 1 FROM ${table} q WHERE q.lease IS NOT NULL AND q.domain_id = step.domain_id AND q.due_at > p_now
          LIMIT p_per) c)::int AS room
        FROM step OFFSET 0) step;
      IF last IS NULL THEN
        EXIT WHEN upto = p_after;
        upto := p_after; d := -1;
        CONTINUE;
      END IF;
      d := last;
      place := place + p_limit;
      WHILE new_ds IS NOT NULL LOOP
        SELECT ids || array_agg(t.id) FILTER (WHERE t.id IS NOT NULL),
          dues || array_agg(t.due_at) FILTER (WHERE t.id IS NOT NULL),
          places || array_agg(t.place) FILTER (WHERE t.id IS NOT NULL),
          ds || array_agg(t.d) FILTER (WHERE t.id IS NOT NULL),
          rks || array_agg(t.rk) FILTER (WHERE t.id IS NOT NULL),
          rooms || array_agg(t.room - 1) FILTER (WHERE t.id IS NOT NULL),
          array_agg(t.d) FILTER (WHERE t.next_rk IS NOT NULL), array_agg(t.next_rk) FILTER (WHERE t.next_rk IS NOT NULL),
          array_agg(t.room) FILTER (WHERE t.next_rk IS NOT NULL),
          array_agg(t.place) FILTER (WHERE t.next_rk IS NOT NULL)
        INTO ids, dues, places, ds, rks, rooms, new_ds, new_rks, new_rooms, new_places
        FROM (
          SELECT u.*, q.id, q.due_at, CASE WHEN q.id IS NULL THEN ${nextRank} END AS next_rk
          FROM unnest(new_ds, new_rks, new_rooms, new_places) AS u (d, rk, room, place)
          LEFT JOIN LATERAL (${line('', '1')}) q ON true OFFSET 0) t;
      END LOOP;
    END LOOP;
    WHILE cardinality(ids) < p_limit LOOP
      live := (SELECT count(*) FROM unnest(rooms) x WHERE x > 0);
      EXIT WHEN live = 0;
      quota := (p_limit - cardinality(ids) + live - 1) / live;
      WITH taken AS MATERIALIZED (
          SELECT u.n, q.id, q.due_at FROM unnest(ds, rks, rooms) WITH ORDINALITY AS u (d, rk, room, n)
          CROSS JOIN LATERAL (${line(`AND u.room > 0 AND q.${key} <> ALL(ids)`, 'least(quota, u.room)')}) q
          LIMIT p_limit - cardinality(ids)),
        tally AS (SELECT taken.n, count(*)::int AS count FROM taken GROUP BY taken.n),
        left_over AS MATERIALIZED (
          SELECT u.d, u.room - coalesce(tally.count, 0) AS room,
            CASE WHEN coalesce(tally.count, 0) < least(quota, u.room) THEN ${nextRank} ELSE u.rk END AS rk
          FROM unnest(ds, rks, rooms) WITH ORDINALITY AS u (d, rk, room, n) LEFT JOIN tally ON tally.n = u.n
          WHERE u.room > 0)
      SELECT ids || array_agg(t.id), dues || array_agg(t.due_at), places || array_agg(t.place),
        (SELECT array_agg(l.d) FROM left_over l WHERE l.rk IS NOT NULL),
        (SELECT array_agg(l.rk) FROM left_over l WHERE l.rk IS NOT NULL),
        (SELECT array_agg(l.room) FROM left_over l WHERE l.rk IS NOT NULL)
      INTO ids, dues, places, ds, rks, rooms
      FROM (SELECT taken.*, place + row_number() OVER (ORDER BY taken.n) AS place FROM taken) t;
      place := place + p_limit;
    END LOOP;
    RETURN QUERY
      WITH u AS (
          SELECT u.id, u.due, row_number() OVER (ORDER BY u.place) AS n FROM unnest(ids, dues, places) AS u (id, due, place)),
        done AS (UPDATE ${table} q SET lease = p_leases[u.n], due_at = p_until, slot = p_slot FROM u
          WHERE q.${key} = u.id RETURNING q.${key} AS id, q.lease, q.domain_id, u.due)
      SELECT done.id, done.lease, done.domain_id, done.due FROM done ORDER BY done.lease;
  END $$;
  `;
}
