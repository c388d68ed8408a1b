/** SQL for domains and their tokens. */
import { type Domain, StoreError } from '../port.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

const DOMAIN = 'domain.id AS id, domain.name AS name, domain.created_at AS "createdAt"';

const ADD = {
  name: 'domain_add',
  text: `INSERT INTO domain AS kept (name, created_at) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET removed_at = NULL WHERE kept.removed_at IS NOT NULL
    RETURNING id, name, created_at AS "createdAt"`,
};
/** Locks the row, so that calls about one domain follow each other. */
const LOCK = {
  name: 'domain_lock',
  text: `SELECT ${DOMAIN} FROM domain WHERE name = $1 AND removed_at IS NULL FOR UPDATE`,
};
const REMOVE = { name: 'domain_remove', text: 'UPDATE domain SET removed_at = $2 WHERE id = $1' };
const LIST = {
  name: 'domain_list',
  text: `SELECT ${DOMAIN} FROM domain WHERE removed_at IS NULL ORDER BY name`,
};
const ANY = { name: 'domain_any', text: 'SELECT 1 FROM domain LIMIT 1' };
// If the same token is given twice to the same domain, it stays one token; it never moves to another domain.
const GIVE = {
  name: 'token_give',
  text: `INSERT INTO token AS kept (digest, domain_id, created_at) VALUES ($1, $2, $3)
    ON CONFLICT (digest) DO UPDATE SET expires_at = NULL WHERE kept.domain_id = excluded.domain_id`,
};
const EXPIRE = {
  name: 'token_expire',
  text: 'UPDATE token SET expires_at = least($2::int8, expires_at) WHERE domain_id = $1',
};
const DROP = { name: 'token_drop', text: 'DELETE FROM token WHERE domain_id = $1 AND expires_at <= $2' };
const BY_TOKEN = {
  name: 'token_find',
  text: `SELECT ${DOMAIN} FROM token JOIN domain ON domain.id = token.domain_id
    WHERE digest = $1 AND (expires_at IS NULL OR expires_at > $2)`,
};

export class Domains {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  add(name: string, digest: Uint8Array, now: number): Promise<Domain | null> {
    return this.#connections.transaction(async (connection) => {
      const { rows } = await connection.run<Domain>(ADD, [name, now]);
      const [domain] = rows;
      if (domain === undefined) return null;
      await give(connection, digest, domain, now);
      return domain;
    });
  }

  async list(): Promise<Domain[]> {
    return (await this.#connections.run<Domain>(LIST)).rows;
  }

  async remove(name: string, now: number): Promise<boolean> {
    return (await this.removeWith(name, now, () => Promise.resolve())) !== null;
  }

  /**
   * Removes a domain, and does something more in the same transaction. Resolves to its id; null if there is no such domain.
   */
  removeWith(
    name: string,
    now: number,
    more: (connection: Connection, id: number) => Promise<unknown>,
  ): Promise<number | null> {
    return this.#connections.transaction(async (connection) => {
      const domain = await lock(connection, name);
      if (domain === null) return null;
      await connection.run(REMOVE, [domain.id, now]);
      await end(connection, domain.id, now, now);
      await more(connection, domain.id);
      return domain.id;
    });
  }

  rotate(name: string, digest: Uint8Array, oldUntil: number, now: number): Promise<boolean> {
    return this.#connections.transaction(async (connection) => {
      const domain = await lock(connection, name);
      if (domain === null) return false;
      await end(connection, domain.id, oldUntil, now);
      await give(connection, digest, domain, now);
      return true;
    });
  }

  async byToken(digest: Uint8Array, now: number): Promise<Domain | null> {
    return (await this.#connections.run<Domain>(BY_TOKEN, [Buffer.from(digest), now])).rows[0] ?? null;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#connections.run(ANY)).count === 0;
  }
}

async function lock(connection: Connection, name: string): Promise<Domain | null> {
  return (await connection.run<Domain>(LOCK, [name])).rows[0] ?? null;
}

async function give(connection: Connection, digest: Uint8Array, domain: Domain, now: number): Promise<void> {
  const { count } = await connection.run(GIVE, [Buffer.from(digest), domain.id, now]);
  if (count > 0) return;
  throw new StoreError('failed', `the new token of ${domain.name} belongs to another domain already`);
}

/** Limits the domain's tokens to `until`, and removes those that have ended by `now`. */
async function end(connection: Connection, domainId: number, until: number, now: number): Promise<void> {
  await connection.run(EXPIRE, [domainId, until]);
  await connection.run(DROP, [domainId, now]);
}
