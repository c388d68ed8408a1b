/** SQL for sessions and the administrator's password. */
import { STORE } from '../../limits.js';
import type { Principal, Session } from '../../sessions.js';
import type { Database } from './database.js';

interface SessionRow {
  readonly digest: Uint8Array;
  readonly domain_id: number | null;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly client_address: string;
  readonly user_agent: string;
}

/** The name of the password's record among the settings. */
const PASSWORD = 'administrator.password';

export class SessionTable {
  readonly #domain;
  readonly #insert;
  readonly #trim;
  readonly #find;
  readonly #touch;
  readonly #list;
  readonly #ofPrincipal;
  readonly #revoke;
  readonly #revokeAll;
  readonly #removeExpired;

  constructor(database: Database) {
    this.#domain = database.prepare('SELECT 1 FROM domain WHERE id = ? AND removed_at IS NULL');
    this.#insert = database.prepare(`
      INSERT INTO session (digest, domain_id, created_at, last_seen_at, expires_at, client_address, user_agent)
      VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)`);
    this.#trim = database.prepare(`
      DELETE FROM session WHERE digest IN (
        SELECT digest FROM session WHERE domain_id IS ?
        ORDER BY last_seen_at DESC, created_at DESC LIMIT -1 OFFSET ${STORE.sessions.initial})`);
    const valid = `
      SELECT session.* FROM session LEFT JOIN domain ON domain.id = domain_id
      WHERE (domain_id IS NULL OR domain.removed_at IS NULL) AND expires_at > ?1`;
    this.#find = database.prepare(`${valid} AND digest = ?2`);
    this.#list = database.prepare(`${valid} ORDER BY session.created_at DESC, digest`);
    this.#ofPrincipal = database.prepare(
      `${valid} AND domain_id IS ?2 ORDER BY session.created_at DESC, digest`,
    );
    this.#touch = database.prepare('UPDATE session SET last_seen_at = ?, expires_at = ? WHERE digest = ?');
    this.#revoke = database.prepare('DELETE FROM session WHERE digest = ?');
    this.#revokeAll = database.prepare('DELETE FROM session WHERE domain_id IS ? AND digest IS NOT ?');
    this.#removeExpired = database.prepare('DELETE FROM session WHERE expires_at <= ?');
  }

  create({ digest, principal, ...session }: Omit<Session, 'lastSeenAt'>): boolean {
    const domainId = domainIdOf(principal);
    if (domainId !== null && this.#domain.get(domainId) === undefined) return false;
    const { createdAt, expiresAt, clientAddress, userAgent } = session;
    this.#insert.run(digest, domainId, createdAt, expiresAt, clientAddress, userAgent);
    this.#trim.run(domainId);
    return true;
  }

  find(digest: Uint8Array, now: number): Session | null {
    const row = this.#find.get(now, digest) as SessionRow | undefined;
    return row === undefined ? null : sessionOf(row);
  }

  touch(digest: Uint8Array, lastSeenAt: number, expiresAt: number): void {
    this.#touch.run(lastSeenAt, expiresAt, digest);
  }

  list(principal: Principal | null, now: number): Session[] {
    const rows = principal === null ? this.#list.all(now) : this.#ofPrincipal.all(now, domainIdOf(principal));
    return (rows as unknown as SessionRow[]).map(sessionOf);
  }

  revoke(digest: Uint8Array): boolean {
    return this.#revoke.run(digest).changes > 0;
  }

  revokeAll(principal: Principal, except: Uint8Array | null): number {
    return this.#revokeAll.run(domainIdOf(principal), except).changes;
  }

  removeExpired(now: number): number {
    return this.#removeExpired.run(now).changes;
  }
}

export class Settings {
  readonly #get;
  readonly #set;
  readonly #sessions: SessionTable;

  constructor(database: Database, sessions: SessionTable) {
    this.#sessions = sessions;
    this.#get = database.prepare('SELECT value FROM setting WHERE name = ?');
    this.#set = database.prepare(`
      INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2`);
  }

  password(): string | null {
    return (this.#get.get(PASSWORD) as { value: string } | undefined)?.value ?? null;
  }

  setPassword(record: string, onlyIfNone: boolean): boolean {
    if (onlyIfNone && this.password() !== null) return false;
    this.#set.run(PASSWORD, record);
    if (!onlyIfNone) this.#sessions.revokeAll({ kind: 'administrator' }, null);
    return true;
  }
}

function domainIdOf(principal: Principal): number | null {
  return principal.kind === 'domain' ? principal.domainId : null;
}

function sessionOf(row: SessionRow): Session {
  return {
    digest: row.digest,
    principal:
      row.domain_id === null ? { kind: 'administrator' } : { kind: 'domain', domainId: row.domain_id },
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    clientAddress: row.client_address,
    userAgent: row.user_agent,
  };
}
