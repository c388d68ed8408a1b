/** SQL for block lists. */
import type { BlockEntry, BlockQuery } from '../../block-list.js';
import type { Database } from './database.js';

const ENTRY = 'domain.name AS domain, address, verdict, since, reason';

export class BlockEntries {
  readonly #find;
  readonly #blocked;
  readonly #bounced;
  readonly #put;
  readonly #remove;
  readonly #list;

  constructor(database: Database) {
    this.#find = database.prepare(`
      SELECT ${ENTRY} FROM block_entry JOIN domain ON domain.id = domain_id WHERE domain_id = ? AND address = ?`);
    this.#blocked = database.prepare(
      "SELECT 1 FROM block_entry WHERE domain_id = ? AND verdict = 'blocked' LIMIT 1",
    );
    // An address that is allowed stays so; one that is blocked has been since the first bounce.
    this.#bounced = database.prepare(`
      INSERT INTO block_entry (domain_id, address, verdict, since, reason) VALUES (?, ?, 'blocked', ?, ?)
      ON CONFLICT DO NOTHING`);
    this.#put = database.prepare(`
      INSERT INTO block_entry (domain_id, address, verdict, since, reason)
      SELECT id, ?2, ?3, ?4, ?5 FROM domain WHERE name = ?1 AND removed_at IS NULL
      ON CONFLICT (domain_id, address) DO UPDATE SET verdict = ?3, since = ?4, reason = ?5`);
    this.#remove = database.prepare(`
      DELETE FROM block_entry WHERE domain_id = (SELECT id FROM domain WHERE name = ?) AND address = ?`);
    // The domains in the order of their names, each with its entries in the order of theirs.
    this.#list = database.prepare(`
      SELECT ${ENTRY} FROM domain CROSS JOIN block_entry ON domain_id = domain.id
      WHERE (?1 IS NULL OR domain.name = ?1) AND (?2 IS NULL OR verdict = ?2)
        AND domain.name >= ?3 AND (domain.name, address) > (?3, ?4)
      ORDER BY domain.name, address LIMIT ?5`);
  }

  find(domainId: number, address: string): BlockEntry | null {
    return (this.#find.get(domainId, address.toLowerCase()) as BlockEntry | undefined) ?? null;
  }

  isEmpty(domainId: number): boolean {
    return this.#blocked.get(domainId) === undefined;
  }

  /** Blocks an address that a message bounced from, unless there is an entry for it already. */
  bounced(domainId: number, address: string, since: number, reason: string): void {
    this.#bounced.run(domainId, address.toLowerCase(), since, reason);
  }

  put({ domain, address, verdict, since, reason }: BlockEntry): boolean {
    return this.#put.run(domain, address.toLowerCase(), verdict, since, reason).changes > 0;
  }

  remove(domain: string, address: string): boolean {
    return this.#remove.run(domain, address.toLowerCase()).changes > 0;
  }

  list({ domain, verdict, after, limit }: BlockQuery): BlockEntry[] {
    const from = [after?.domain ?? '', after?.address ?? ''] as const;
    return this.#list.all(domain ?? null, verdict ?? null, ...from, limit) as BlockEntry[];
  }
}
