/** Finds candidates for a page, newest first, in the index that narrows them most. */
import type { Narrowing, Range, RowConditions } from '../../narrowing.js';
import type { Database } from './database.js';
import { type Held, type Source, sourcesOf, Statements } from './candidate-sources.js';

/** Candidates of each index that are compared to see which index is the sparsest. */
const SAMPLE = 32;
/** To read the row of a message, to a look into the index of tags: 15 us to 3, with a million messages. */
const MESSAGE_COST = 5;

interface Condition {
  readonly sql: string;
  readonly values: readonly (number | string)[];
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
  sparsest(narrowing: Narrowing, rows: RowConditions, range: Range, more: readonly Source[]): Source {
    const sources = sourcesOf(this.#statements, narrowing);
    // If nothing narrows, the one source is all messages: any other is sparser.
    const isNarrow = narrowing.tags.length > 0 || narrowing.domainIds !== null || narrowing.statuses !== null;
    const candidates = more.length > 0 && !isNarrow ? more : [...sources, ...more];
    return cheapest(candidates, range, (source) => {
      const { ofMessage } = this.#conditions(narrowing, rows, source.holds);
      return ofMessage.length === 0 ? 1 : MESSAGE_COST;
    });
  }

  /**
   * Returns those of some candidates for which all conditions hold, newest first.
   *
   * @param held the conditions that hold for all candidates
   */
  matching(ids: readonly number[], narrowing: Narrowing, rows: RowConditions, held: Held = {}): number[] {
    const { ofCandidate, ofMessage } = this.#conditions(narrowing, rows, held);
    const conditions = [...ofCandidate, ...ofMessage];
    if (conditions.length === 0) return [...ids];
    // CROSS JOIN: candidate by candidate, in their order. Messages are not read if tags decide.
    const join = ofMessage.length === 0 ? '' : 'CROSS JOIN message ON message.id = candidate.value';
    return this.#statements.ids(
      `SELECT candidate.value AS id FROM json_each(?) AS candidate ${join}
       WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
      [JSON.stringify(ids), ...conditions.flatMap(({ values }) => values)],
    );
  }

  /** Returns what is to be checked of the candidate in the index of tags, and what of its message. */
  #conditions(
    { domainIds, statuses, tags }: Narrowing,
    { since, until, notifications }: RowConditions,
    held: Held = {},
  ): { readonly ofCandidate: Condition[]; readonly ofMessage: Condition[] } {
    const ofMessage: Condition[] = [];
    const among = 'IN (SELECT value FROM json_each(?))';
    const domains = domainIds === null || held.domains === true ? null : JSON.stringify(domainIds);
    const ofCandidate = tags
      .filter((tag) => tag !== held.tag)
      .map((tag): Condition => {
        const domain = domains === null ? '' : `AND domain_id ${among}`;
        const sql = `EXISTS (SELECT 1 FROM tag WHERE name = ? AND message_id = candidate.value ${domain})`;
        return { sql, values: domains === null ? [tag] : [tag, domains] };
      });
    // The row of a tag has the domain of its message.
    if (domains !== null && ofCandidate.length === 0) {
      ofMessage.push({ sql: `domain_id ${among}`, values: [domains] });
    }
    if (statuses !== null && held.statuses !== true) {
      ofMessage.push({ sql: `status ${among}`, values: [JSON.stringify(statuses)] });
    }
    if (since !== null) ofMessage.push({ sql: 'received_at >= ?', values: [since] });
    if (until !== null) ofMessage.push({ sql: 'received_at < ?', values: [until] });
    if (notifications !== null) {
      ofMessage.push({ sql: `reverse_path ${notifications ? '=' : '<>'} ''`, values: [] });
    }
    return { ofCandidate, ofMessage };
  }
}

/** Returns the source with which it costs least to go through a part of the range: newest candidates tell how dense it is. */
function cheapest(sources: readonly Source[], range: Range, costOf: (source: Source) => number): Source {
  const [first] = sources;
  if (first === undefined) throw new Error('no source');
  if (sources.length === 1) return first;
  const samples = sources.map((source) => ({ source, found: source.find(range, SAMPLE) }));
  // Above the newest candidate of all there may be ids that no message has.
  const top = Math.max(...samples.map(({ found: { ids, from } }) => ids[0] ?? from));
  let best = first;
  let least = Infinity;
  for (const { source, found } of samples) {
    const density = (found.ids.length + 1) / (top - found.from + 1);
    const cost = density * costOf(source);
    if (cost < least) [best, least] = [source, cost];
  }
  return best;
}
