/**
 * Which ids messages of a time can have. Pure.
 *
 * An id shows when it was given out, and a message is taken in at about that time: some milliseconds or minutes before.
 * But nothing ensures it, since clocks are put back. So for each hour of ids there is a row with the least and the
 * greatest distance that occurred. A page that begins months ago starts at the right id, without an index by time,
 * which would cost every accept.
 */
import { idOfTime, timeOfId } from './intake/ids.js';
import type { Range } from './narrowing.js';
import { HOUR } from './time.js';

/** Distances are rounded to this many milliseconds, and beyond it to a power of two of it: a row changes rarely. */
const STEP_MS = 1000;

/** Hours whose distances an adapter keeps in memory. */
export const KEPT_HOURS = 100;

/** The time that the id 0 shows. */
const START = timeOfId(0);

/** A message is at least `low` and at most `high` milliseconds later than the time of its id. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

/** A row of the table `time_span`. */
export type SpanRow = Span & { readonly hour: number };

/** SQL conditions on a row that it has ids of messages at or after, and before, a time. */
export const SPAN_ENDS = `${START} + (hour + 1) * ${HOUR} + high`;
export const SPAN_BEGINS = `${START} + hour * ${HOUR} + low`;

/** The hour of an id, counted from the first one. */
export function hourOf(id: number): number {
  return Math.floor((timeOfId(id) - START) / HOUR);
}

/** Returns whether a span has a message. */
export function hasTime({ low, high }: Span, id: number, receivedAt: number): boolean {
  const distance = receivedAt - timeOfId(id);
  return low <= distance && distance <= high;
}

/** Returns a span that has a message, and some room beside it. */
export function spanOf(id: number, receivedAt: number): Span {
  const distance = receivedAt - timeOfId(id);
  return { low: 0 - roundedUp(-distance), high: roundedUp(distance) };
}

/**
 * Returns the part of a range in which messages can be that came in at `since` or later, and before `until`.
 *
 * @param first the row of the least hour that ends at `since` or later; null for any time, undefined if there is none
 * @param last the row of the greatest hour that begins before `until`
 */
export function narrowRange(
  { below, above }: Range,
  since: { readonly time: number; readonly first: SpanRow | undefined } | null,
  until: { readonly time: number; readonly last: SpanRow | undefined } | null,
): Range {
  const low = since === null ? 0 : lowest(since.time, since.first);
  const high = until === null ? Number.MAX_SAFE_INTEGER : highest(until.time, until.last);
  return { below: Math.min(below, high), above: Math.max(above, low - 1) };
}

/** Returns an id such that all messages of this time or later have that id or a greater one. */
function lowest(since: number, span: SpanRow | undefined): number {
  if (span === undefined) return Number.MAX_SAFE_INTEGER;
  return Math.max(firstOf(span.hour), Math.ceil(idOfTime(since - span.high)));
}

/** Returns an id such that all messages before this time have lesser ones. */
function highest(until: number, span: SpanRow | undefined): number {
  if (span === undefined) return 0;
  return Math.min(firstOf(span.hour + 1), Math.ceil(idOfTime(until - span.low)));
}

function firstOf(hour: number): number {
  return idOfTime(START + hour * HOUR);
}

/** Rounds up to 0, STEP_MS or a power of two of it; a negative number to 0. */
function roundedUp(distance: number): number {
  if (distance <= 0) return 0;
  return STEP_MS * 2 ** Math.max(0, Math.ceil(Math.log2(distance / STEP_MS)));
}
