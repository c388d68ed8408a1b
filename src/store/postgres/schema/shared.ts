/** Tables of the numbers that the nodes count together. They are of a minute or so, so a loss in a crash of the server does no harm. */
export const SHARED = `
  -- Rates of domains, as the time at which a domain has its whole share again: shared-rates.ts. Without a row it has it now.
  CREATE TABLE rate (
    domain_id  int NOT NULL,
    kind       smallint NOT NULL, -- what is counted: 0 messages, 1 recipients
    full_again float8 NOT NULL, -- milliseconds on the database's clock, as at
    -- Of the last change: when it was, the time that one takes to be regained, and how many were given.
    at         float8 NOT NULL,
    cost       float8 NOT NULL,
    granted    int NOT NULL,
    PRIMARY KEY (domain_id, kind)
  ) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

  -- Failed sign-ins of client networks that follow each other: auth-failures.ts.
  CREATE TABLE auth_failure (
    slot     int PRIMARY KEY, -- 16 bits of the network's hash
    network  text NOT NULL,
    since    bigint NOT NULL, -- the first of them, on the database's clock
    until    bigint NOT NULL, -- they are forgotten then
    failures int NOT NULL
  ) WITH (fillfactor = 50);
`;
