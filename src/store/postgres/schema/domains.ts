/** Domains, their tokens, and what is kept for a domain beside its messages. */
export const DOMAINS = `
  CREATE TABLE domain (
    id             int PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name           text COLLATE "C" NOT NULL UNIQUE,
    created_at     bigint NOT NULL,
    removed_at     bigint,
    -- Its own retention; null: as the configuration says.
    content_age    bigint,
    message_age    bigint,
    content_octets bigint
  );

  CREATE TABLE token (
    digest       bytea PRIMARY KEY,
    domain_id    int NOT NULL REFERENCES domain,
    expires_at   bigint,
    created_at   bigint,
    last_used_at bigint
  );
  CREATE INDEX token_by_domain ON token (domain_id);

  CREATE TABLE block_entry (
    domain_id  int NOT NULL REFERENCES domain,
    address    text COLLATE "C" NOT NULL, -- lower case
    verdict    text COLLATE "C" NOT NULL,
    since      bigint NOT NULL,
    reason     text NOT NULL,
    expires_at bigint,
    PRIMARY KEY (domain_id, address)
  );
  CREATE INDEX block_entry_by_verdict ON block_entry (domain_id, verdict);
  CREATE INDEX block_entry_by_end ON block_entry (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE dkim_key (
    domain_id   int NOT NULL REFERENCES domain,
    selector    text COLLATE "C" NOT NULL, -- lower case
    algorithm   text NOT NULL,
    private_key bytea NOT NULL,
    created_at  bigint NOT NULL,
    active      boolean NOT NULL,
    PRIMARY KEY (domain_id, selector)
  );
`;

/**
 * Messages no longer refer to their domains by a constraint, which cost each accept 9 % of the database's time. In its place
 * nodes look for the domain (`known-domains.ts`), and no row of a domain can go: a removed domain keeps it, with the time.
 */
export const DOMAINS_STAY = `
  ALTER TABLE message DROP CONSTRAINT IF EXISTS message_domain_id_fkey;
  CREATE FUNCTION domain_stays() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'a domain is removed by removed_at; its row stays, since messages have its id'
      USING ERRCODE = 'foreign_key_violation';
  END $$;
  CREATE TRIGGER domain_stays BEFORE DELETE OR UPDATE OF id OR TRUNCATE ON domain
    FOR EACH STATEMENT EXECUTE FUNCTION domain_stays();
`;
