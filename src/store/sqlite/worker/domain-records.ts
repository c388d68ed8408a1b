/** SQL for domains as the API shows them. */
import type { DomainRecord, DomainRetention, StoreTotals } from '../../domain-records.js';
import type { Scope } from '../../port.js';
import type { Gauges } from './gauges.js';
import { type Database, inSnapshot } from './database.js';
import type { Domains } from './domains.js';
import type { SessionTable } from './sessions.js';

interface DomainRow extends DomainRetention {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
}

/** A use of a token is written at most this often, in milliseconds. */
const NOTED_MS = 60_000;

export class DomainRecordTable {
  readonly #database: Database;
  readonly #gauges: Gauges;
  readonly #domains: Domains;
  readonly #sessions: SessionTable;
  readonly #list;
  readonly #tokens;
  readonly #used;
  readonly #setRetention;

  constructor(database: Database, domains: Domains, sessions: SessionTable, gauges: Gauges) {
    this.#database = database;
    this.#domains = domains;
    this.#sessions = sessions;
    this.#list = database.prepare(`
      SELECT id, name, created_at AS createdAt, content_age AS contentAge, message_age AS messageAge,
        content_octets AS contentOctets
      FROM domain WHERE removed_at IS NULL AND (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR name = ?2)
        AND name > ?3 AND instr(name, ?4) > 0 ORDER BY name LIMIT ?5`);
    this.#gauges = gauges;
    this.#tokens = database.prepare(`
      SELECT created_at AS createdAt, last_used_at AS lastUsedAt, expires_at AS expiresAt FROM token
      WHERE domain_id = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY expires_at IS NOT NULL, expires_at`);
    this.#used = database.prepare(`
      UPDATE token SET last_used_at = ?2 WHERE digest = ?1
      AND (last_used_at IS NULL OR last_used_at <= ?2 - ${NOTED_MS})`);
    this.#setRetention = database.prepare(`
      UPDATE domain SET content_age = ?, message_age = ?, content_octets = ?
      WHERE name = ? AND removed_at IS NULL AND (?5 IS NULL OR id = ?5)`);
  }

  list(
    scope: Scope,
    query: { readonly contains?: string; readonly after?: string; readonly limit: number },
    now: number,
  ): DomainRecord[] {
    const { contains = '', after = '', limit } = query;
    return this.#records(scope, null, after, contains, limit, now);
  }

  find(scope: Scope, name: string, now: number): DomainRecord | null {
    return this.#records(scope, name, '', '', 1, now)[0] ?? null;
  }

  totals(): StoreTotals {
    return inSnapshot(this.#database, () => this.#gauges.totals());
  }

  tokenUsed(digest: Uint8Array, at: number): void {
    this.#used.run(digest, at);
  }

  /** Returns the domain's id; null if the scope has no such domain. */
  remove(scope: Scope, name: string, now: number): number | null {
    const [row] = this.#list.all(idOf(scope), name, '', '', 1) as unknown as DomainRow[];
    if (row === undefined || !this.#domains.remove(name, now)) return null;
    this.#sessions.revokeAll({ kind: 'domain', domainId: row.id }, null);
    return row.id;
  }

  setRetention(scope: Scope, name: string, retention: DomainRetention): boolean {
    const { contentAge, messageAge, contentOctets } = retention;
    return this.#setRetention.run(contentAge, messageAge, contentOctets, name, idOf(scope)).changes > 0;
  }

  #records(
    scope: Scope,
    name: string | null,
    after: string,
    contains: string,
    limit: number,
    now: number,
  ): DomainRecord[] {
    return inSnapshot(this.#database, () => {
      const rows = this.#list.all(idOf(scope), name, after, contains, limit) as unknown as DomainRow[];
      return this.#withGauges(rows, now);
    });
  }

  #withGauges(rows: readonly DomainRow[], now: number): DomainRecord[] {
    const numbersOf = this.#gauges.of(rows.map(({ id }) => id));
    return rows.map(({ id, name, createdAt, ...retention }) => ({
      ...{ id, name, createdAt, ...numbersOf(id) },
      tokens: this.#tokens.all(id, now),
      retention,
    }));
  }
}

function idOf(scope: Scope): number | null {
  return scope === 'all' ? null : scope.domainId;
}
