/** Tables that only the HTTP API needs: sign-in, idempotency keys, the record of calls of webhooks. */
export const API = `
  CREATE TABLE session (
    digest         bytea PRIMARY KEY,
    domain_id      int NOT NULL, -- 0 for the administrator
    created_at     bigint NOT NULL,
    last_seen_at   bigint NOT NULL,
    expires_at     bigint NOT NULL,
    client_address text NOT NULL,
    user_agent     text NOT NULL
  );
  CREATE INDEX session_by_principal ON session (domain_id, last_seen_at);

  CREATE TABLE setting (
    name  text PRIMARY KEY,
    value text NOT NULL
  );

  CREATE TABLE idempotency_key (
    domain_id int NOT NULL REFERENCES domain,
    key       text COLLATE "C" NOT NULL,
    owner     text NOT NULL,
    until     bigint NOT NULL, -- end of the lease while there is no response, then of the response
    node      bigint NOT NULL, -- the incarnation of the node that has the lease
    response  text,
    PRIMARY KEY (domain_id, key)
  );
  CREATE INDEX idempotency_key_by_time ON idempotency_key (until);

  CREATE TABLE webhook_call (
    id         bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    event      bigint NOT NULL,
    domain_id  int NOT NULL,
    name       text NOT NULL,
    message_id bigint NOT NULL,
    at         bigint NOT NULL,
    duration   bigint NOT NULL,
    status     int,
    outcome    text COLLATE "C" NOT NULL,
    problem    text,
    positions  text, -- of the event, as attempt is
    attempt    text
  );
  CREATE INDEX webhook_call_by_domain ON webhook_call (domain_id, id);
  CREATE INDEX webhook_call_by_message ON webhook_call (message_id, id);
`;
