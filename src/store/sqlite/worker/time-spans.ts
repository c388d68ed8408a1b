/** SQL for the table that shows which ids messages of a time can have: see `store/time-spans.ts`. */
import type { Range } from '../../narrowing.js';
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
} from '../../time-spans.js';
import type { Database } from './database.js';

export class TimeSpans {
  readonly #find;
  readonly #widen;
  readonly #since;
  readonly #until;
  #known = new Map<number, Span>();

  constructor(database: Database) {
    this.#find = database.prepare('SELECT low, high FROM time_span WHERE hour = ?');
    this.#widen = database.prepare(`
      INSERT INTO time_span (hour, low, high) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET low = min(low, excluded.low), high = max(high, excluded.high)
      RETURNING low, high`);
    this.#since = database.prepare(
      `SELECT hour, low, high FROM time_span WHERE ${SPAN_ENDS} > ? ORDER BY hour LIMIT 1`,
    );
    this.#until = database.prepare(
      `SELECT hour, low, high FROM time_span WHERE ${SPAN_BEGINS} < ? ORDER BY hour DESC LIMIT 1`,
    );
  }

  /** Notes a message that the open transaction adds. */
  add(id: number, receivedAt: number): void {
    const hour = hourOf(id);
    const known = this.#known.get(hour) ?? this.#read(hour);
    if (known !== undefined && hasTime(known, id, receivedAt)) return;
    const { low, high } = spanOf(id, receivedAt);
    this.#known.set(hour, this.#widen.get(hour, low, high) as Span);
  }

  /** The transaction was taken back: what it has added is gone. */
  forget(): void {
    this.#known = new Map();
  }

  /** Returns the part of a range in which messages that came in at `since` or later, and before `until`, can be. */
  narrow(range: Range, since: number | null, until: number | null): Range {
    return narrowRange(
      range,
      since === null ? null : { time: since, first: this.#since.get(since) as SpanRow | undefined },
      until === null ? null : { time: until, last: this.#until.get(until) as SpanRow | undefined },
    );
  }

  #read(hour: number): Span | undefined {
    if (this.#known.size >= KEPT_HOURS) this.forget();
    const span = this.#find.get(hour) as Span | undefined;
    if (span !== undefined) this.#known.set(hour, span);
    return span;
  }
}
