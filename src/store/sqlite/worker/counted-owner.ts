/** Whose numbers a question asks for. */
import type { Scope } from '../../port.js';
import type { Database } from './database.js';

/** The owner of the numbers of all domains together. */
export const ALL_DOMAINS = 0;

export class CountedOwner {
  readonly #domainId;

  constructor(database: Database) {
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
  }

  /** Returns the id of the domain that is asked for, or {@link ALL_DOMAINS}; null if it is not in the scope. */
  of(scope: Scope, domain: string | undefined): number | null {
    if (domain === undefined) return scope === 'all' ? ALL_DOMAINS : scope.domainId;
    const id = (this.#domainId.get(domain) as { id: number } | undefined)?.id;
    return id === undefined || (scope !== 'all' && scope.domainId !== id) ? null : id;
  }
}
