/** SQL for the table that shows which ids messages of a time can have: see `store/time-spans.ts`. */
import type { NewCommit } from '../intake/draft.js';
import type { Range } from '../narrowing.js';
import {
  hasTime,
  hourOf,
  KEPT_HOURS,
  narrowRange,
  type Span,
  SPAN_BEGINS,
  SPAN_ENDS,
  spanOf,
  type SpanRow,
} from '../time-spans.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

const WIDEN = {
  name: 'span_widen',
  text: `INSERT INTO time_span AS kept (hour, low, high) VALUES ($1, $2, $3)
    ON CONFLICT (hour) DO UPDATE SET low = least(kept.low, excluded.low), high = greatest(kept.high, excluded.high)
    RETURNING low, high`,
};
const SINCE = {
  name: 'span_since',
  text: `SELECT hour, low, high FROM time_span WHERE ${SPAN_ENDS} > $1::int8 ORDER BY hour LIMIT 1`,
};
const UNTIL = {
  name: 'span_until',
  text: `SELECT hour, low, high FROM time_span WHERE ${SPAN_BEGINS} < $1::int8 ORDER BY hour DESC LIMIT 1`,
};

export class TimeSpans {
  readonly #connections: Connections;
  #known = new Map<number, Span>();

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /**
   * Notes messages before they are stored. A span that is wider than it need be does no harm, so this is no part of the
   * transaction that stores them: it costs a round trip once in an hour.
   */
  async add(connection: Connection, commits: readonly NewCommit[]): Promise<void> {
    for (const { id, message } of commits) {
      const hour = hourOf(id);
      const known = this.#known.get(hour);
      if (known !== undefined && hasTime(known, id, message.receivedAt)) continue;
      const { low, high } = spanOf(id, message.receivedAt);
      const { rows } = await connection.run<Span>(WIDEN, [hour, low, high]);
      if (this.#known.size >= KEPT_HOURS) this.#known = new Map();
      if (rows[0] !== undefined) this.#known.set(hour, rows[0]);
    }
  }

  /** Returns the part of a range in which messages that came in at `since` or later, and before `until`, can be. */
  async narrow(range: Range, since: number | null, until: number | null): Promise<Range> {
    const read = async (statement: typeof SINCE, time: number) =>
      (await this.#connections.run<SpanRow>(statement, [Math.floor(time)])).rows[0];
    return narrowRange(
      range,
      since === null ? null : { time: since, first: await read(SINCE, since) },
      until === null ? null : { time: until, last: await read(UNTIL, Math.ceil(until)) },
    );
  }
}
