/**
 * Which ids messages of a time can have.
 *
 * An id shows when it was given out, and a message is taken in at about that time: some milliseconds or minutes before.
 * But nothing ensures it, since clocks are put back. So for each hour of ids there is a row with the least and the
 * greatest distance that occurred. A page that begins months ago starts at the right id, without an index by time,
 * which would cost every accept.
 */
import { idOfTime, timeOfId } from '../../intake/ids.js';
import type { Range } from './candidate-sources.js';
import type { Database } from './database.js';
import { HOUR } from '../../time.js';

/** Distances are rounded to this many milliseconds, and beyond it to a power of two of it: a row changes rarely. */
const STEP_MS = 1000;
/** Hours whose distances are kept in memory. */
const KEPT_HOURS = 100;

/** The time that the id 0 shows. */
const START = timeOfId(0);

interface Span {
  readonly low: number;
  readonly high: number;
}

type SpanRow = Span & { readonly hour: number };

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
      `SELECT hour, low, high FROM time_span WHERE ${START} + (hour + 1) * ${HOUR} + high > ? ORDER BY hour LIMIT 1`,
    );
    this.#until = database.prepare(
      `SELECT hour, low, high FROM time_span WHERE ${START} + hour * ${HOUR} + low < ? ORDER BY hour DESC LIMIT 1`,
    );
  }

  /** Notes a message that the open transaction adds. */
  add(id: number, receivedAt: number): void {
    const hour = hourOf(id);
    const distance = receivedAt - timeOfId(id);
    const known = this.#known.get(hour) ?? this.#read(hour);
    if (known !== undefined && known.low <= distance && distance <= known.high) return;
    const low = 0 - roundedUp(-distance);
    const span = this.#widen.get(hour, low, roundedUp(distance)) as Span;
    this.#known.set(hour, span);
  }

  /** The transaction was taken back: what it has added is gone. */
  forget(): void {
    this.#known = new Map();
  }

  /** Returns the part of a range in which messages that came in at `since` or later, and before `until`, can be. */
  narrow({ below, above }: Range, since: number | null, until: number | null): Range {
    const low = since === null ? 0 : this.#lowest(since);
    const high = until === null ? Number.MAX_SAFE_INTEGER : this.#highest(until);
    return { below: Math.min(below, high), above: Math.max(above, low - 1) };
  }

  /** Returns an id such that all messages of this time or later have that id or a greater one. */
  #lowest(since: number): number {
    const span = this.#since.get(since) as SpanRow | undefined;
    if (span === undefined) return Number.MAX_SAFE_INTEGER;
    return Math.max(firstOf(span.hour), Math.ceil(idOfTime(since - span.high)));
  }

  /** Returns an id such that all messages before this time have lesser ones. */
  #highest(until: number): number {
    const span = this.#until.get(until) as SpanRow | undefined;
    if (span === undefined) return 0;
    return Math.min(firstOf(span.hour + 1), Math.ceil(idOfTime(until - span.low)));
  }

  #read(hour: number): Span | undefined {
    if (this.#known.size >= KEPT_HOURS) this.forget();
    const span = this.#find.get(hour) as Span | undefined;
    if (span !== undefined) this.#known.set(hour, span);
    return span;
  }
}

/** The hour of an id, counted from the first one. */
function hourOf(id: number): number {
  return Math.floor((timeOfId(id) - START) / HOUR);
}

function firstOf(hour: number): number {
  return idOfTime(START + hour * HOUR);
}

/** Rounds up to 0, STEP_MS or a power of two of it; a negative number to 0. */
function roundedUp(distance: number): number {
  if (distance <= 0) return 0;
  return STEP_MS * 2 ** Math.max(0, Math.ceil(Math.log2(distance / STEP_MS)));
}
