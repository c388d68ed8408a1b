/** SQL for DKIM keys. */
import type { DkimKey } from '../../dkim-keys.js';
import type { Database } from './database.js';

export class DkimKeyTable {
  readonly #list;
  readonly #add;
  readonly #setActive;
  readonly #remove;

  constructor(database: Database) {
    this.#list = database.prepare(`
      SELECT domain.name AS domain, selector, algorithm, private_key AS privateKey, dkim_key.created_at AS createdAt,
        active
      FROM dkim_key JOIN domain ON domain.id = domain_id
      WHERE domain.name = ? ORDER BY dkim_key.created_at, selector`);
    this.#add = database.prepare(`
      INSERT INTO dkim_key (domain_id, selector, algorithm, private_key, created_at, active)
      SELECT id, ?2, ?3, ?4, ?5, ?6 FROM domain WHERE name = ?1 AND removed_at IS NULL
      ON CONFLICT DO NOTHING`);
    this.#setActive = database.prepare(
      'UPDATE dkim_key SET active = ? WHERE domain_id = (SELECT id FROM domain WHERE name = ?) AND selector = ?',
    );
    this.#remove = database.prepare(
      'DELETE FROM dkim_key WHERE domain_id = (SELECT id FROM domain WHERE name = ?) AND selector = ?',
    );
  }

  list(domain: string): DkimKey[] {
    const rows = this.#list.all(domain) as (Omit<DkimKey, 'active'> & { active: number })[];
    return rows.map((row) => ({ ...row, active: row.active === 1 }));
  }

  add({ domain, selector, algorithm, privateKey, createdAt, active }: DkimKey): boolean {
    const values = [selector, algorithm, privateKey, createdAt, active ? 1 : 0] as const;
    return this.#add.run(domain, ...values).changes > 0;
  }

  setActive(domain: string, selector: string, active: boolean): boolean {
    return this.#setActive.run(active ? 1 : 0, domain, selector).changes > 0;
  }

  remove(domain: string, selector: string): boolean {
    return this.#remove.run(domain, selector).changes > 0;
  }
}
