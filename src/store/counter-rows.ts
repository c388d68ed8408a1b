/** Makes statistics from rows of counters. Pure. */
import { FIRST_BUCKET, MEASURES } from './counting.js';
import { type Counts, type CountsAt, deliveryPercentile, type Destination, NO_COUNTS } from './statistics.js';

/** A number that belongs to a measure: several rows of one measure add up. */
interface Counted {
  /** As `counting.ts` numbers them. */
  readonly measure: number;
  readonly count: number;
}

/** The counters at the beginning of an hour or day. */
export interface CountedAt extends Counted {
  readonly at: number;
}

/** The counters of a receiving domain. */
export interface DestinationCount extends Counted {
  readonly destination: string;
}

/** Returns the counts of each time that has any, oldest first. The rows need not be in order. */
export function countsOf(rows: readonly CountedAt[]): CountsAt[] {
  return [...groupedBy(rows, ({ at }) => at)]
    .sort(([a], [b]) => a - b)
    .map(([at, of]) => ({ at, ...sumOf(of) }))
    .filter(hasAny);
}

/** Returns the receiving domains, slowest first (by their 95th percentile); at most `limit`. */
export function slowest(rows: readonly DestinationCount[], limit: number): Destination[] {
  const destinations = [...groupedBy(rows, (row) => row.destination)].map(
    ([destination, of]): Destination => {
      const { delivered, deferred, bounced, deliveryTimes } = sumOf(of);
      return { destination, delivered, deferred, bounced, deliveryTimes };
    },
  );
  const slowness = ({ deliveryTimes }: Destination) => deliveryPercentile(deliveryTimes, 0.95) ?? -1;
  return destinations.sort((a, b) => slowness(b) - slowness(a)).slice(0, limit);
}

function groupedBy<R, K>(rows: readonly R[], keyOf: (row: R) => K): Map<K, R[]> {
  const groups = new Map<K, R[]>();
  for (const row of rows) {
    const known = groups.get(keyOf(row));
    if (known === undefined) groups.set(keyOf(row), [row]);
    else known.push(row);
  }
  return groups;
}

/** Re-tagging can leave an hour in which nothing is left. */
function hasAny({ at: _, deliveryTimes, ...counts }: CountsAt): boolean {
  return [...deliveryTimes, ...Object.values(counts)].some((count) => count !== 0);
}

function sumOf(rows: readonly Counted[]): Counts {
  const deliveryTimes = [...NO_COUNTS.deliveryTimes];
  const sums = { ...NO_COUNTS, deliveryTimes };
  const names = Object.keys(MEASURES) as (keyof typeof MEASURES)[];
  for (const { measure, count } of rows) {
    const name = names.find((each) => MEASURES[each] === measure);
    if (name !== undefined) (sums as Record<typeof name, number>)[name] += count;
    else deliveryTimes[measure - FIRST_BUCKET] = (deliveryTimes[measure - FIRST_BUCKET] ?? 0) + count;
  }
  return sums;
}
