/** Asks the index of words for candidates of a search. */
import type { Narrowed, Range } from '../../narrowing.js';
import { int4Array, textArray } from '../arrays.js';
import { type Found, holding, type Source } from '../candidate-sources.js';
import type { Connections } from '../connections.js';
import { countOfWaiting } from './indexing.js';
import { BLOCK, blockPrefix, questionOf } from './words.js';

/** Blocks that one statement goes through: some 10 ms if none of them has the words. */
const MOST_BLOCKS = 128;
/** Messages that are not indexed yet. If there are more, the index is too far behind to help. */
export const MOST_WAITING = 200_000;

interface Block {
  readonly number: number;
  readonly first: number;
}

/** Those of one block, in the order of ids whatever the planner thinks of the index by id. */
const SEARCH = {
  name: 'search',
  text: `SELECT found.id FROM unnest($1::int4[], $2::text[]) WITH ORDINALITY AS block (number, prefix, place)
    CROSS JOIN LATERAL (
      SELECT message_id AS id FROM search_document
      WHERE words @@ replace($3, '${BLOCK}', block.prefix)::tsquery
        AND message_id + 0 < $4::int8 AND message_id + 0 > $5::int8
      ORDER BY message_id + 0 DESC LIMIT $6) AS found
    LIMIT $6`,
};
const BLOCKS = {
  name: 'search_blocks',
  text: `SELECT number, first FROM search_block WHERE first < $1
      AND number >= (SELECT number FROM search_block WHERE first <= $2 ORDER BY first DESC LIMIT 1)
    ORDER BY first DESC LIMIT ${MOST_BLOCKS}`,
};
/**
 * How many messages wait in all, and the newest ones of a range, unless there are too many. Each is in one row, so that the
 * sort keeps no more of them than are asked for.
 */
const WAITING = {
  name: 'search_waiting',
  text: `WITH total AS MATERIALIZED (${countOfWaiting(MOST_WAITING)})
    SELECT messages AS count, CASE WHEN messages < ${MOST_WAITING} THEN ARRAY(
      SELECT each.id FROM search_journal CROSS JOIN unnest(search_journal.messages) AS each (id)
      WHERE each.id < $1 AND each.id > $2 ORDER BY each.id DESC LIMIT $3)::text[] ELSE '{}' END AS ids
    FROM total`,
};

export class TextIndex {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /**
   * Returns a source of at least the messages that match; null if the index cannot narrow the search.
   *
   * @param others the source to use while too many messages are not indexed yet
   */
  source(narrowed: Narrowed, others: Source): Source | null {
    const question = questionOf(narrowed.search);
    if (question === null) return null;
    return {
      find: async (range, limit) =>
        (await this.#find(question, narrowed, range, limit)) ?? others.find(range, limit),
    };
  }

  /** Returns null if the index lacks too many messages. */
  async #find(question: string, narrowed: Narrowed, range: Range, limit: number): Promise<Found | null> {
    // The journal is read first: what it does not have any more is in the index then.
    const values = [range.below, range.above, limit + 1];
    const { rows } = await this.#connections.run<{ count: number; ids: string[] }>(WAITING, values);
    const { count, ids: newest } = rows[0] ?? { count: 0, ids: [] };
    if (count >= MOST_WAITING) return null;
    const indexed = await this.#ask(question, range, limit);
    // If there are more than these, they are beyond the limit.
    const late = newest.map(Number).filter((id) => id >= indexed.from);
    const all = [...new Set([...indexed.ids, ...late])].sort((a, b) => b - a);
    const ids = all.slice(0, limit);
    const from = all.length > limit ? (ids.at(-1) ?? indexed.from) : indexed.from;
    if (ids.length === 0) return { ids, from, looked: 0, newest: null };
    return {
      ids: await holding(this.#connections, narrowed, ids),
      from,
      looked: ids.length,
      newest: ids[0] ?? null,
    };
  }

  async #ask(question: string, { below, above }: Range, limit: number): Promise<Pick<Found, 'ids' | 'from'>> {
    const blocks = (await this.#connections.run<Block>(BLOCKS, [below, above])).rows;
    const { rows } = await this.#connections.run<{ id: number }>(SEARCH, [
      int4Array(blocks.map(({ number }) => number)),
      textArray(blocks.map(({ number }) => blockPrefix(number))),
      ...[question, below, above, limit],
    ]);
    const ids = rows.map(({ id }) => id).sort((a, b) => b - a);
    const last = ids.at(-1);
    if (ids.length === limit && last !== undefined) return { ids, from: last };
    const lowest = blocks.length === MOST_BLOCKS ? blocks.at(-1)?.first : undefined;
    return { ids, from: Math.max(above + 1, lowest ?? 0) };
  }
}
