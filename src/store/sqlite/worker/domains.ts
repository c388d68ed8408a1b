/** SQL for domains and their tokens. */
import { StoreError, type Domain } from '../../port.js';
import type { Database } from './database.js';

const DOMAIN = 'domain.id AS id, domain.name AS name, domain.created_at AS createdAt';

export class Domains {
  readonly #insert;
  readonly #revive;
  readonly #find;
  readonly #remove;
  readonly #list;
  readonly #any;
  readonly #giveToken;
  readonly #expireTokens;
  readonly #dropTokens;
  readonly #byToken;

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO domain (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
    );
    this.#revive = database.prepare(
      'UPDATE domain SET removed_at = NULL WHERE name = ? AND removed_at IS NOT NULL',
    );
    this.#find = database.prepare(`SELECT ${DOMAIN} FROM domain WHERE name = ? AND removed_at IS NULL`);
    this.#remove = database.prepare(
      'UPDATE domain SET removed_at = ? WHERE name = ? AND removed_at IS NULL RETURNING id',
    );
    this.#list = database.prepare(`SELECT ${DOMAIN} FROM domain WHERE removed_at IS NULL ORDER BY name`);
    this.#any = database.prepare('SELECT EXISTS (SELECT 1 FROM domain) AS found');
    // If the same token is given twice to the same domain, it stays one token; it never moves to another domain.
    this.#giveToken = database.prepare(`
      INSERT INTO token (digest, domain_id, created_at) VALUES (?, ?, ?)
      ON CONFLICT (digest) DO UPDATE SET expires_at = NULL WHERE domain_id = excluded.domain_id`);
    this.#expireTokens = database.prepare(`
      UPDATE token SET expires_at = min(?2, coalesce(expires_at, ?2)) WHERE domain_id = ?1`);
    this.#dropTokens = database.prepare('DELETE FROM token WHERE domain_id = ? AND expires_at <= ?');
    this.#byToken = database.prepare(`
      SELECT ${DOMAIN} FROM token JOIN domain ON domain.id = token.domain_id
      WHERE digest = ? AND (expires_at IS NULL OR expires_at > ?)`);
  }

  add(name: string, digest: Uint8Array, now: number): Domain | null {
    const fresh = this.#insert.run(name, now).changes > 0 || this.#revive.run(name).changes > 0;
    if (!fresh) return null;
    const domain = this.#byName(name);
    if (domain !== null) this.#give(digest, domain, now);
    return domain;
  }

  remove(name: string, now: number): boolean {
    const removed = this.#remove.get(now, name) as { id: number } | undefined;
    if (removed === undefined) return false;
    this.#end(removed.id, now, now);
    return true;
  }

  rotate(name: string, digest: Uint8Array, oldUntil: number, now: number): boolean {
    const domain = this.#byName(name);
    if (domain === null) return false;
    this.#end(domain.id, oldUntil, now);
    this.#give(digest, domain, now);
    return true;
  }

  byToken(digest: Uint8Array, now: number): Domain | null {
    return (this.#byToken.get(digest, now) as Domain | undefined) ?? null;
  }

  list(): Domain[] {
    return this.#list.all() as Domain[];
  }

  isEmpty(): boolean {
    return (this.#any.get() as { found: number }).found === 0;
  }

  #byName(name: string): Domain | null {
    return (this.#find.get(name) as Domain | undefined) ?? null;
  }

  #give(digest: Uint8Array, domain: Domain, now: number): void {
    if (this.#giveToken.run(digest, domain.id, now).changes > 0) return;
    throw new StoreError('failed', `the new token of ${domain.name} belongs to another domain already`);
  }

  /** Limits the domain's tokens to `until`, and removes those that have ended by `now`. */
  #end(domainId: number, until: number, now: number): void {
    this.#expireTokens.run(domainId, until);
    this.#dropTokens.run(domainId, now);
  }
}
