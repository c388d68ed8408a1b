/** Stored messages by status, and octets of stored content, of domains: the table together with what it lacks. */
import type { StoreTotals } from '../../domain-records.js';
import { STATUSES, type Status } from '../../port.js';
import { TABLES } from '../../counting.js';
import type { Tally } from './tallies.js';
import { type Counters, gaugeOf } from './counters.js';
import type { Database } from './database.js';

/** Key of the sums of all domains; ids of domains are positive. */
const ALL = 0;

export class Gauges {
  readonly #counters: Counters;
  readonly #ofDomain;
  readonly #sums;

  constructor(database: Database, counters: Counters) {
    this.#counters = counters;
    this.#ofDomain = database.prepare('SELECT name, value FROM gauge WHERE domain_id = ?');
    this.#sums = database.prepare('SELECT name, sum(value) AS value FROM gauge GROUP BY name');
  }

  /** Reads the numbers of these domains, and returns what gives those of one. Call it in the transaction of the ids. */
  of(domainIds: readonly number[]): (id: number) => StoreTotals {
    const values = new Values();
    for (const id of domainIds) values.addRows(id, this.#ofDomain.all(id));
    for (const tally of this.#counters.journal.unfolded(TABLES.gauge)) values.addTally(tally.domainId, tally);
    return (id) => values.of(id);
  }

  /** Returns the numbers of all domains together. */
  totals(): StoreTotals {
    const values = new Values();
    values.addRows(ALL, this.#sums.all());
    for (const tally of this.#counters.journal.unfolded(TABLES.gauge)) values.addTally(ALL, tally);
    return values.of(ALL);
  }

  /** Returns the octets of the stored content of a domain, with what the open transaction changes. */
  octetsOf(domainId: number): number {
    const values = new Values();
    values.addRows(domainId, this.#ofDomain.all(domainId));
    const { journal } = this.#counters;
    for (const tallies of [journal.unfolded(TABLES.gauge), journal.gathered()]) {
      for (const tally of tallies) if (tally.domainId === domainId) values.addTally(domainId, tally);
    }
    return values.of(domainId).contentOctets;
  }
}

class Values {
  readonly #values = new Map<string, number>();

  addRows(id: number, rows: readonly unknown[]): void {
    for (const { name, value } of rows as { name: string; value: number }[]) this.#add(id, name, value);
  }

  addTally(id: number, { table, name, counts }: Tally): void {
    if (table !== TABLES.gauge) return;
    for (let at = 0; at < counts.length; at += 2) {
      this.#add(id, gaugeOf(name, counts[at] ?? 0), counts[at + 1] ?? 0);
    }
  }

  of(id: number): StoreTotals {
    const messages = STATUSES.map((status) => [status, this.#values.get(`${id} ${status}`) ?? 0]);
    return {
      messages: Object.fromEntries(messages) as Record<Status, number>,
      contentOctets: this.#values.get(`${id} octets`) ?? 0,
    };
  }

  #add(id: number, gauge: string, value: number): void {
    const key = `${id} ${gauge}`;
    this.#values.set(key, (this.#values.get(key) ?? 0) + value);
  }
}
