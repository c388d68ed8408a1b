import { type Pairs, Times } from './histogram.js';
import { INTERVAL } from '../generator/plan.js';
import { type Counts, type Interval, NOTHING } from './recorder.js';

/** One point of the timeline. */
export interface Point {
  /** Seconds from the beginning of the run to the end of the point. */
  readonly at: number;
  readonly accepted: number;
  /** Refused and lost messages. */
  readonly failed: number;
  readonly octets: number;
  /** Microseconds; null if no message ended. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** Number of intervals by which one thread may report later than another. */
const SPREAD = 8;

interface OpenPoint {
  counts: Counts;
  latency: Pairs[];
}

/** Adds up the intervals of all threads, with the warm-up apart. */
export class Tally {
  readonly counts: Counts = { ...NOTHING };
  readonly warmup: Counts = { ...NOTHING };
  readonly latency = new Times();
  readonly service = new Times();
  readonly setup = new Times();
  readonly slip = new Times();
  readonly replies = new Map<number, number>();
  readonly points: Point[] = [];
  /** When the last message ended, in milliseconds of the run. */
  lastEnd = 0;
  readonly #open = new Map<number, OpenPoint>();
  readonly #times = new Times();
  #newest = -1;

  /** @param warmIntervals number of intervals at the beginning that do not count */
  constructor(private readonly warmIntervals: number) {}

  add(interval: Interval): void {
    const { index, counts } = interval;
    const warm = index < this.warmIntervals;
    addCounts(warm ? this.warmup : this.counts, counts);
    if (!warm) {
      this.latency.add(interval.latency);
      this.service.add(interval.service);
      this.setup.add(interval.setup);
      this.slip.add(interval.slip);
      for (let at = 0; at < interval.replies.length; at += 2) {
        const code = interval.replies[at] ?? 0;
        this.replies.set(code, (this.replies.get(code) ?? 0) + (interval.replies[at + 1] ?? 0));
      }
    }
    this.lastEnd = Math.max(this.lastEnd, interval.lastEnd);
    const open = this.#open.get(index) ?? { counts: { ...NOTHING }, latency: [] };
    this.#open.set(index, open);
    addCounts(open.counts, counts);
    open.latency.push(interval.latency);
    for (; this.#newest < index; this.#newest++) this.#close(this.#newest - SPREAD);
  }

  /** Returns the last complete intervals, the newest last. A slow thread may still add to them. */
  recent(intervals: number): Point[] {
    const last = this.#newest - 1;
    const indices = Array.from({ length: intervals }, (_, at) => last - intervals + 1 + at);
    return indices.filter((index) => this.#open.has(index)).map((index) => this.#pointOf(index));
  }

  /** Called when no more intervals will come: completes all points. */
  finish(): void {
    for (let index = this.points.length; index <= this.#newest; index++) this.#close(index);
  }

  #close(index: number): void {
    if (index < 0) return;
    this.points.push(this.#pointOf(index));
    this.#open.delete(index);
  }

  #pointOf(index: number): Point {
    const { counts, latency } = this.#open.get(index) ?? { counts: NOTHING, latency: [] };
    this.#times.reset();
    for (const pairs of latency) this.#times.add(pairs);
    const any = this.#times.count > 0;
    return {
      at: ((index + 1) * INTERVAL) / 1000,
      accepted: counts.accepted,
      failed: counts.refused + counts.lost,
      octets: counts.octets,
      p50: any ? this.#times.percentile(50) : null,
      p99: any ? this.#times.percentile(99) : null,
    };
  }
}

function addCounts(sum: Counts, more: Counts): void {
  for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += more[name];
}
