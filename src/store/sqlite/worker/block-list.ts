/** SQL for block lists. */
import type { BlockEntry, BlockQuery, ExpiringEntry } from '../../block-list.js';
import type { Scope } from '../../port.js';
import type { Database } from './database.js';

const ENTRY = 'domain.name AS domain, address, verdict, since, reason';

export class BlockEntries {
  readonly #find;
  readonly #blocked;
  readonly #bounced;
  readonly #put;
  readonly #remove;
  readonly #list;
  readonly #search;
  readonly #removeExpired;

  constructor(database: Database) {
    this.#find = database.prepare(`
      SELECT ${ENTRY} FROM block_entry JOIN domain ON domain.id = domain_id WHERE domain_id = ? AND address = ? AND (expires_at IS NULL OR expires_at > ?)`);
    this.#blocked = database.prepare(
      "SELECT 1 FROM block_entry WHERE domain_id = ? AND verdict = 'blocked' LIMIT 1",
    );
    // An allowed address stays allowed; a blocked one has been blocked since its first bounce.
    this.#bounced = database.prepare(`
      INSERT INTO block_entry (domain_id, address, verdict, since, reason) VALUES (?, ?, 'blocked', ?, ?)
      ON CONFLICT DO UPDATE SET verdict = 'blocked', since = excluded.since, reason = excluded.reason,
        expires_at = NULL WHERE expires_at <= excluded.since`);
    this.#put = database.prepare(`
      INSERT INTO block_entry (domain_id, address, verdict, since, reason, expires_at)
      SELECT id, ?2, ?3, ?4, ?5, ?6 FROM domain
      WHERE name = ?1 AND removed_at IS NULL AND (?7 IS NULL OR id = ?7)
      ON CONFLICT (domain_id, address) DO UPDATE SET verdict = ?3, since = ?4, reason = ?5, expires_at = ?6`);
    this.#remove = database.prepare(`
      DELETE FROM block_entry WHERE domain_id = (
        SELECT id FROM domain WHERE name = ?1 AND (?3 IS NULL OR id = ?3)) AND address = ?2`);
    this.#search = database.prepare(`
      SELECT ${ENTRY}, expires_at AS expiresAt FROM domain CROSS JOIN block_entry ON domain_id = domain.id
      WHERE (?1 IS NULL OR domain.name = ?1) AND (?2 IS NULL OR verdict = ?2)
        AND domain.name >= ?3 AND (domain.name, address) > (?3, ?4) AND (?6 IS NULL OR domain.id = ?6)
        AND (expires_at IS NULL OR expires_at > ?7)
      ORDER BY domain.name, address LIMIT ?5`);
    this.#removeExpired = database.prepare('DELETE FROM block_entry WHERE expires_at <= ?');
    // The domains in the order of their names, each with its entries in the order of theirs.
    this.#list = database.prepare(`
      SELECT ${ENTRY} FROM domain CROSS JOIN block_entry ON domain_id = domain.id
      WHERE (?1 IS NULL OR domain.name = ?1) AND (?2 IS NULL OR verdict = ?2)
        AND domain.name >= ?3 AND (domain.name, address) > (?3, ?4)
      ORDER BY domain.name, address LIMIT ?5`);
  }

  find(domainId: number, address: string, now: number): BlockEntry | null {
    return (this.#find.get(domainId, address.toLowerCase(), now) as BlockEntry | undefined) ?? null;
  }

  isEmpty(domainId: number): boolean {
    return this.#blocked.get(domainId) === undefined;
  }

  /** Blocks an address that a message bounced from, unless it has an entry already. */
  bounced(domainId: number, address: string, since: number, reason: string): void {
    this.#bounced.run(domainId, address.toLowerCase(), since, reason);
  }

  put({ domain, address, verdict, since, reason }: BlockEntry): boolean {
    return this.#put.run(domain, address.toLowerCase(), verdict, since, reason, null, null).changes > 0;
  }

  remove(domain: string, address: string): boolean {
    return this.#remove.run(domain, address.toLowerCase(), null).changes > 0;
  }

  list({ domain, verdict, after, limit }: BlockQuery): BlockEntry[] {
    const from = [after?.domain ?? '', after?.address ?? ''] as const;
    return this.#list.all(domain ?? null, verdict ?? null, ...from, limit) as BlockEntry[];
  }

  search(scope: Scope, query: BlockQuery, now: number): ExpiringEntry[] {
    const { domain, verdict, after, limit } = query;
    const from = [after?.domain ?? '', after?.address ?? ''] as const;
    const rest = [limit, idOf(scope), now] as const;
    return this.#search.all(domain ?? null, verdict ?? null, ...from, ...rest) as ExpiringEntry[];
  }

  putAll(scope: Scope, entries: readonly ExpiringEntry[]): number {
    let put = 0;
    for (const { domain, address, verdict, since, reason, expiresAt } of entries) {
      const values = [verdict, since, reason, expiresAt, idOf(scope)] as const;
      put += this.#put.run(domain, address.toLowerCase(), ...values).changes;
    }
    return put;
  }

  removeAll(scope: Scope, entries: readonly Pick<BlockEntry, 'domain' | 'address'>[]): number {
    let removed = 0;
    for (const { domain, address } of entries) {
      removed += this.#remove.run(domain, address.toLowerCase(), idOf(scope)).changes;
    }
    return removed;
  }

  removeExpired(now: number): number {
    return this.#removeExpired.run(now).changes;
  }
}

function idOf(scope: Scope): number | null {
  return scope === 'all' ? null : scope.domainId;
}
