/**
 * Refuses messages of domains that do not exist. A reference of the table of messages would do the same, and took 9 % of the
 * database's time for an accept (`bench/postgres.mjs accept-50`, samples of its processes): it looks up and locks the
 * domain's row for each message. A domain's row is never deleted, which a trigger sees to, so one look lasts.
 */
import type { NewCommit } from '../intake/draft.js';
import { StoreError } from '../port.js';
import { int4Array } from './arrays.js';
import type { Connection } from './connection.js';

const KNOWN = { name: 'domain_known', text: 'SELECT id FROM domain WHERE id = ANY($1::int4[])' };

export class UnknownDomain extends StoreError {
  constructor() {
    super('failed', 'the domain of the message is not in the database');
  }
}

/** What one connection has seen: with another one, the database may be a standby that lacks what was added last. */
export class KnownDomains {
  readonly #ids = new Set<number>();

  /** @throws UnknownDomain if one of the messages has a domain that does not exist */
  async check(connection: Connection, commits: readonly NewCommit[]): Promise<void> {
    const unknown = new Set<number>();
    for (const { message } of commits) {
      if (!this.#ids.has(message.domainId)) unknown.add(message.domainId);
    }
    if (unknown.size === 0) return;
    const { rows } = await connection.run<{ id: number }>(KNOWN, [int4Array([...unknown])]);
    for (const { id } of rows) this.#ids.add(id);
    if (rows.length < unknown.size) throw new UnknownDomain();
  }
}
