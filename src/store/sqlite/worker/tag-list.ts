/** SQL for the tags of stored messages. */
import type { Scope } from '../../port.js';
import type { TagCount, TagQuery } from '../../statistics.js';
import type { Database } from './database.js';

export class TagList {
  readonly #domainId;
  readonly #ofAll;
  readonly #ofDomain;

  constructor(database: Database) {
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
    // Rows of the tags' own index are counted, 0.1 us each. Of the messages, only the newest is read.
    const tags = (where: string) =>
      database.prepare(`
        SELECT tag, messages, received_at AS lastUsed
        FROM (SELECT name AS tag, count(*) AS messages, max(message_id) AS newest FROM tag
          WHERE name > ?1 AND name >= ?2 AND name < ?2 || char(1114111) ${where}
          GROUP BY name ORDER BY name LIMIT ?3)
          CROSS JOIN message ON message.id = newest`);
    this.#ofAll = tags('');
    this.#ofDomain = tags('AND domain_id = ?4');
  }

  list(scope: Scope, { domain, prefix = '', after = '', limit }: TagQuery): TagCount[] {
    const values = [after, prefix, limit] as const;
    if (domain === undefined && scope === 'all') return this.#ofAll.all(...values) as TagCount[];
    const id = domain === undefined ? null : (this.#domainId.get(domain) as { id: number } | undefined)?.id;
    if (id === undefined) return [];
    const own = scope === 'all' ? id : scope.domainId;
    return id !== null && id !== own ? [] : (this.#ofDomain.all(...values, own) as TagCount[]);
  }
}
