/** SQL that reads counters. */
import type { Scope } from '../../port.js';
import { type CountedAt, countsOf, type DestinationCount, slowest } from '../../counter-rows.js';
import { isNotification, TABLES, tagsOf, UNITS } from '../../counting.js';
import type { CountsAt, Destination, DestinationQuery, StatisticsQuery } from '../../statistics.js';
import type { Counters } from './counters.js';
import { ALL_DOMAINS, CountedOwner } from './counted-owner.js';
import { type Database, inSnapshot } from './database.js';
import { DAY, floor, HOUR } from '../../time.js';

/** Messages that one step of a recount reads. */
const STEP_MESSAGES = 500;

interface RecountStep {
  readonly facts: readonly CountedAt[];
  /** The message after which the next step begins; null at the end. */
  readonly next: number | null;
}

interface CountedMessage {
  readonly id: number;
  readonly domainId: number;
  readonly tags: string | null;
  readonly reversePath: string;
}

export class StatisticsTable {
  readonly #database: Database;
  readonly #counters: Counters;
  readonly #owner: CountedOwner;
  readonly #counts;
  readonly #destinations;
  readonly #messages;

  constructor(database: Database, counters: Counters) {
    this.#database = database;
    this.#counters = counters;
    this.#owner = new CountedOwner(database);
    this.#counts = database.prepare(`
      SELECT at, measure, count FROM counter
      WHERE domain_id = ? AND tag = ? AND unit = ? AND at >= ? AND at < ? AND count <> 0 ORDER BY at`);
    this.#destinations = database.prepare(`
      SELECT destination, measure, sum(count) AS count FROM destination_counter
      WHERE domain_id = ? AND day >= ? AND day < ? GROUP BY destination, measure`);
    this.#messages = database.prepare(`
      SELECT id, domain_id AS domainId, tags, reverse_path AS reversePath
      FROM message WHERE id > ? ORDER BY id LIMIT ${STEP_MESSAGES}`);
  }

  counts(scope: Scope, { domain, tag = '', unit, since, until }: StatisticsQuery): CountsAt[] {
    const owner = this.#owner.of(scope, domain);
    if (owner === null) return [];
    const length = unit === 'hour' ? HOUR : DAY;
    const from = floor(since, length);
    return inSnapshot(this.#database, () => {
      const rows = this.#counts.all(owner, tag, UNITS[unit], from, until) as unknown as CountedAt[];
      for (const { domainId, at, counts } of this.#counters.journal.unfolded(TABLES.counter, tag)) {
        if (owner !== ALL_DOMAINS && owner !== domainId) continue;
        const start = floor(at, length);
        if (start < from || start >= until) continue;
        for (let index = 0; index < counts.length; index += 2) {
          rows.push({ at: start, measure: counts[index] ?? 0, count: counts[index + 1] ?? 0 });
        }
      }
      return countsOf(rows);
    });
  }

  destinations(scope: Scope, query: DestinationQuery): Destination[] {
    const owner = this.#owner.of(scope, query.domain);
    if (owner === null) return [];
    const from = floor(query.since, DAY);
    const rows = inSnapshot(this.#database, () => {
      const rows = this.#destinations.all(owner, from, query.until) as unknown as DestinationCount[];
      for (const { domainId, at, name, counts } of this.#counters.journal.unfolded(TABLES.destination)) {
        if (owner !== ALL_DOMAINS && owner !== domainId) continue;
        if (at < from || at >= query.until) continue;
        for (let index = 0; index < counts.length; index += 2) {
          rows.push({ destination: name, measure: counts[index] ?? 0, count: counts[index + 1] ?? 0 });
        }
      }
      return rows;
    });
    return slowest(rows, query.limit);
  }

  /** One step of a recount: what some messages have added, by the beginning of the unit. */
  recount(scope: Scope, { domain, tag, unit, since, until }: StatisticsQuery, after: number): RecountStep {
    const owner = this.#owner.of(scope, domain);
    if (owner === null) return { facts: [], next: null };
    const length = unit === 'hour' ? HOUR : DAY;
    const messages = this.#messages.all(after) as unknown as CountedMessage[];
    const facts: CountedAt[] = [];
    for (const { id, domainId, tags, reversePath } of messages) {
      if (owner !== ALL_DOMAINS && owner !== domainId) continue;
      if (isNotification(reversePath)) continue;
      if (tag !== undefined && !tagsOf({ tags }).includes(tag)) continue;
      for (const { measure, at, count } of this.#counters.factsOf(id)) {
        if (at >= floor(since, length) && floor(at, length) < until) {
          facts.push({ at: floor(at, length), measure, count });
        }
      }
    }
    return { facts, next: messages.length < STEP_MESSAGES ? null : (messages.at(-1)?.id ?? null) };
  }

  /** The number that the counters have for a domain, 0 for all; null if it is not in the scope. */
}
