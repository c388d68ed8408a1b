/** SQL for the numbers of stored messages by tag. */
import { TABLES } from '../../counting.js';
import type { Scope } from '../../port.js';
import type { TagCount, TagQuery } from '../../statistics.js';
import type { CounterJournal } from './counter-journal.js';
import { ALL_DOMAINS, CountedOwner } from './counted-owner.js';
import { type Database, inSnapshot } from './database.js';

export class TagCounts {
  readonly #database: Database;
  readonly #journal: CounterJournal;
  readonly #owner: CountedOwner;
  readonly #counts;

  constructor(database: Database, journal: CounterJournal) {
    this.#database = database;
    this.#journal = journal;
    this.#owner = new CountedOwner(database);
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
    const owner = this.#owner.of(scope, domain);
    if (owner === null) return [];
    return inSnapshot(this.#database, () => {
      const pending: (readonly [string, number])[] = [];
      for (const { domainId, name, counts } of this.#journal.unfolded(TABLES.tag)) {
        if (owner === ALL_DOMAINS || owner === domainId) pending.push([name, counts[1] ?? 0]);
      }
      const values = [after, prefix, limit, owner, JSON.stringify(pending)];
      return this.#counts.all(...values) as Pick<TagCount, 'tag' | 'messages'>[];
    });
  }
}
