/** SQL for DKIM keys. */
import type { DkimKey } from '../../dkim-keys.js';
import type { Database } from './database.js';

export class DkimKeyTable {
  readonly #list;
  readonly #add;
  readonly #remove;

  constructor(database: Database) {
    this.#list = database.prepare(`
      SELECT domain.name AS domain, selector, algorithm, private_key AS privateKey, dkim_key.created_at AS createdAt
      FROM dkim_key JOIN domain ON domain.id = domain_id
      WHERE domain.name = ? ORDER BY dkim_key.created_at, selector`);
    this.#add = database.prepare(`
      INSERT INTO dkim_key (domain_id, selector, algorithm, private_key, created_at)
      SELECT id, ?2, ?3, ?4, ?5 FROM domain WHERE name = ?1 AND removed_at IS NULL
      ON CONFLICT DO NOTHING`);
    this.#remove = database.prepare(
      'DELETE FROM dkim_key WHERE domain_id = (SELECT id FROM domain WHERE name = ?) AND selector = ?',
    );
  }

  list(domain: string): DkimKey[] {
    return this.#list.all(domain) as DkimKey[];
  }

  add({ domain, selector, algorithm, privateKey, createdAt }: DkimKey): boolean {
    return this.#add.run(domain, selector, algorithm, privateKey, createdAt).changes > 0;
  }

  remove(domain: string, selector: string): boolean {
    return this.#remove.run(domain, selector).changes > 0;
  }
}
