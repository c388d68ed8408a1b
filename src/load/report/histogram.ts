import { Int32Histogram } from 'hdr-histogram-js';

/** Longest time that is recorded exactly, in microseconds: an hour. Longer times count as this one. */
const HIGHEST = 3_600_000_000;
/** Significant digits: a recorded value is wrong by at most a thousandth. */
const DIGITS = 3;

/** Values and their counts, alternating: `[value, count, value, count, ...]`. This form travels between threads. */
export type Pairs = Float64Array;

/** A histogram of times in microseconds. */
export class Times {
  readonly #histogram = new Int32Histogram(1, HIGHEST, DIGITS);

  constructor() {
    this.#histogram.autoResize = false;
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  record(milliseconds: number): void {
    this.#histogram.recordValue(Math.min(HIGHEST, Math.max(1, Math.round(milliseconds * 1000))));
  }

  /** Returns what was recorded since the last call, and clears it. */
  take(): Pairs {
    const pairs = pairsOf(this.#histogram);
    this.#histogram.reset();
    return pairs;
  }

  add(pairs: Pairs): void {
    for (let at = 0; at < pairs.length; at += 2) {
      this.#histogram.recordValueWithCount(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    }
  }

  reset(): void {
    this.#histogram.reset();
  }

  percentile(percentile: number): number {
    return this.#histogram.getValueAtPercentile(percentile);
  }

  get mean(): number {
    return this.#histogram.mean;
  }

  get least(): number {
    return this.count === 0 ? 0 : this.#histogram.minNonZeroValue;
  }

  get most(): number {
    return this.#histogram.maxValue;
  }
}

function pairsOf(histogram: Int32Histogram): Pairs {
  if (histogram.totalCount === 0) return new Float64Array(0);
  const pairs: number[] = [];
  const iterator = histogram.recordedValuesIterator;
  iterator.reset();
  while (iterator.hasNext()) {
    const { valueIteratedTo, countAtValueIteratedTo } = iterator.next();
    pairs.push(valueIteratedTo, countAtValueIteratedTo);
  }
  return Float64Array.from(pairs);
}
