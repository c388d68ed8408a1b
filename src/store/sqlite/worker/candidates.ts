/** Finds candidates for a page, newest first, in the index that narrows them most. */
import type { Database } from './database.js';
import {
  type Found,
  type Narrowing,
  type Range,
  type Source,
  sourcesOf,
  Statements,
} from './candidate-sources.js';

/** Candidates of each index that are compared to see which index is the sparsest. */
const SAMPLE = 32;

/** Conditions that SQL checks of each candidate, beside {@link Narrowing}. */
export interface Times {
  /** Milliseconds since the epoch; null for any time. */
  readonly since: number | null;
  readonly until: number | null;
}

export class Candidates {
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#statements = new Statements(database);
  }

  /**
   * Returns the source to go through for messages that match.
   *
   * @param more further sources, each of which gives all messages that match
   */
  sparsest(narrowing: Narrowing, range: Range, more: readonly Source[]): Source {
    const sources = sourcesOf(this.#statements, narrowing);
    // If nothing narrows, the one source is all messages: any other is sparser.
    const isNarrow = narrowing.tags.length > 0 || narrowing.domainIds !== null || narrowing.statuses !== null;
    return sparsest(more.length > 0 && !isNarrow ? more : [...sources, ...more], range);
  }

  /** Returns those of some candidates for which all conditions hold, newest first. */
  matching(ids: readonly number[], { domainIds, statuses, tags }: Narrowing, times: Times): number[] {
    const ofCandidate: string[] = [];
    const ofMessage: string[] = [];
    const values: (number | string)[] = [JSON.stringify(ids)];
    const among = 'IN (SELECT value FROM json_each(?))';
    const domains = domainIds === null ? null : JSON.stringify(domainIds);
    for (const tag of tags) {
      const domain = domains === null ? '' : `AND domain_id ${among}`;
      ofCandidate.push(
        `EXISTS (SELECT 1 FROM tag WHERE name = ? AND message_id = candidate.value ${domain})`,
      );
      values.push(tag, ...(domains === null ? [] : [domains]));
    }
    const add = (condition: string, value: number | string): void => {
      ofMessage.push(condition);
      values.push(value);
    };
    // The row of a tag has the domain of its message.
    if (domains !== null && tags.length === 0) add(`domain_id ${among}`, domains);
    if (statuses !== null) add(`status ${among}`, JSON.stringify(statuses));
    if (times.since !== null) add('received_at >= ?', times.since);
    if (times.until !== null) add('received_at < ?', times.until);
    if (ofCandidate.length + ofMessage.length === 0) return [...ids];
    // CROSS JOIN: candidate by candidate, in their order. Messages are not read if tags decide.
    const join = ofMessage.length === 0 ? '' : 'CROSS JOIN message ON message.id = candidate.value';
    return this.#statements.ids(
      `SELECT candidate.value AS id FROM json_each(?) AS candidate ${join}
       WHERE ${[...ofCandidate, ...ofMessage].join(' AND ')}`,
      values,
    );
  }
}

/** Returns the source whose newest candidates go back furthest: it passes over most messages that do not match. */
function sparsest(sources: readonly Source[], range: Range): Source {
  const [first] = sources;
  if (first === undefined) throw new Error('no source');
  if (sources.length === 1) return first;
  let best = first;
  let reached: Found | null = null;
  for (const source of sources) {
    const found = source.find(range, SAMPLE);
    const isSparser =
      reached === null ||
      found.from < reached.from ||
      (found.from === reached.from && found.ids.length < reached.ids.length);
    if (isSparser) [best, reached] = [source, found];
  }
  return best;
}
