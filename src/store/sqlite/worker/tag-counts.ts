/** SQL for the numbers of stored messages by tag. */
import { TABLES } from '../../counting.js';
import type { Scope } from '../../port.js';
import type { TagCount, TagQuery } from '../../statistics.js';
import type { CounterJournal } from './counter-journal.js';
import { type Database, inSnapshot } from './database.js';

/** The owner of the numbers of all domains together. */
const ALL = 0;

export class TagCounts {
  readonly #database: Database;
  readonly #journal: CounterJournal;
  readonly #domainId;
  readonly #counts;

  constructor(database: Database, journal: CounterJournal) {
    this.#database = database;
    this.#journal = journal;
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
    const wanted = 'name > ?1 AND name >= ?2 AND name < ?2 || char(1114111)';
    // Of the table as many more as are not folded yet: so many of them may have no message left.
    this.#counts = database.prepare(`
      WITH pending AS MATERIALIZED (
        SELECT value ->> 0 AS name, value ->> 1 AS count FROM json_each(?5) WHERE ${wanted})
      SELECT name AS tag, sum(count) AS messages FROM (
        SELECT * FROM (SELECT name, count FROM tag_count WHERE domain_id = ?4 AND ${wanted}
          ORDER BY name LIMIT ?3 + (SELECT count(*) FROM pending))
        UNION ALL SELECT name, count FROM pending)
      GROUP BY name HAVING sum(count) > 0 ORDER BY name LIMIT ?3`);
  }

  list(
    scope: Scope,
    { domain, prefix = '', after = '', limit }: TagQuery,
  ): Pick<TagCount, 'tag' | 'messages'>[] {
    const owner = this.#ownerOf(scope, domain);
    if (owner === null) return [];
    return inSnapshot(this.#database, () => {
      const pending: (readonly [string, number])[] = [];
      for (const { domainId, name, counts } of this.#journal.unfolded(TABLES.tag)) {
        if (owner === ALL || owner === domainId) pending.push([name, counts[1] ?? 0]);
      }
      const values = [after, prefix, limit, owner, JSON.stringify(pending)];
      return this.#counts.all(...values) as Pick<TagCount, 'tag' | 'messages'>[];
    });
  }

  /** The owner whose numbers are wanted; null if the domain is not in the scope. */
  #ownerOf(scope: Scope, domain: string | undefined): number | null {
    if (domain === undefined) return scope === 'all' ? ALL : scope.domainId;
    const id = (this.#domainId.get(domain) as { id: number } | undefined)?.id;
    return id === undefined || (scope !== 'all' && scope.domainId !== id) ? null : id;
  }
}
