/**
 * The contract of statistics: counters that are kept in the transactions that change them. Part of `port.ts`.
 *
 * Notifications (null reverse-path, RFC 5321 4.5.5) are not counted, so that the numbers are those of the apps' mail.
 * The counters are history: removing messages changes none of them. Counts of messages are by the time at which a
 * message came in, all others by the time of the attempt. All times are UTC.
 */
import type { Scope } from './scope.js';

/**
 * The tag, or destination, under which those of a domain and day are counted together that come after the first
 * {@link STORE.countedNames}. No tag has a comma.
 */
export const OTHER = ',other';

export interface Counts {
  /** Messages taken in. */
  readonly accepted: number;
  /** Recipients of these messages. */
  readonly recipients: number;
  /** Recipients delivered. */
  readonly delivered: number;
  /** Attempts that ended in a deferral; one recipient may have several. */
  readonly deferred: number;
  /** Recipients bounced. */
  readonly bounced: number;
  /** Recipients cancelled by hand. */
  readonly cancelled: number;
  /**
   * How many recipients were delivered within each bound of {@link DELIVERY_BOUNDS}, and not within the one
   * before; the last number counts the rest.
   */
  readonly deliveryTimes: readonly number[];
}

export interface CountsAt extends Counts {
  /** Beginning of the hour or day, in milliseconds since the epoch. */
  readonly at: number;
}

/** Upper bounds of the buckets of the time to delivery, in milliseconds. */
const DELIVERY_BOUNDS: readonly number[] = [
  100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
  7_200_000, 14_400_000, 28_800_000, 57_600_000, 86_400_000, 172_800_000,
];

export interface StatisticsQuery {
  /** Name of one domain of the scope. Default: all of the scope together. */
  readonly domain?: string;
  /**
   * One tag, letter for letter, or {@link OTHER}. Default: all messages.
   */
  readonly tag?: string;
  readonly unit: 'hour' | 'day';
  /** From the unit that this time is in, in milliseconds since the epoch. */
  readonly since: number;
  /** Up to the unit that ends at or after this time. At most {@link STORE.statisticsUnits} units: more reject with a RangeError. */
  readonly until: number;
}

export interface TagCount {
  readonly tag: string;
  /** Messages that are stored and have it. */
  readonly messages: number;
  /** When the newest of them came in, in milliseconds since the epoch. */
  readonly lastUsed: number;
}

/** How a receiving domain took mail. */
export interface Destination {
  /** The domain of the forward-paths, lower case, or {@link OTHER}. */
  readonly destination: string;
  readonly delivered: number;
  readonly deferred: number;
  readonly bounced: number;
  readonly deliveryTimes: readonly number[];
}

/** Tags of one domain, or of all that the scope has. */
export interface TagQuery {
  readonly domain?: string;
  readonly prefix?: string;
  /** Only tags after this one: the way to ask for the next page. */
  readonly after?: string;
  readonly limit: number;
}

/** Receiving domains of the mail of one sending domain, or of all that the scope has. */
export interface DestinationQuery {
  readonly domain?: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly until: number;
  readonly limit: number;
}

export interface Statistics {
  /** The counts of each hour or day that has any, oldest first. Empty for a domain outside of the scope. */
  counts(scope: Scope, query: StatisticsQuery): Promise<CountsAt[]>;

  /** Tags of stored messages with their counts, by name, after `after`; at most `limit`. */
  tags(scope: Scope, query: TagQuery): Promise<TagCount[]>;

  /** Receiving domains between two times, by whole days, slowest first (by their 95th percentile); at most `limit`. */
  destinations(scope: Scope, query: DestinationQuery): Promise<Destination[]>;

  /**
   * Counts the stored messages anew from the hour that `since` is in, and returns what the counters would
   * be if no message had been removed; changes nothing. It counts every tag by itself. For tests and for checks by an operator: its work
   * grows with the messages.
   */
  recount(scope: Scope, query: StatisticsQuery): Promise<CountsAt[]>;
}

const NO_TIMES: readonly number[] = [...DELIVERY_BOUNDS, Infinity].map(() => 0);

export const NO_COUNTS: Counts = {
  accepted: 0,
  recipients: 0,
  delivered: 0,
  deferred: 0,
  bounced: 0,
  cancelled: 0,
  deliveryTimes: NO_TIMES,
};

/** Returns the index of the bucket that a time to delivery, in milliseconds, belongs to. */
export function deliveryBucket(milliseconds: number): number {
  const index = DELIVERY_BOUNDS.findIndex((bound) => milliseconds <= bound);
  return index < 0 ? DELIVERY_BOUNDS.length : index;
}

/**
 * Returns the time within which the share (0 to 1) was delivered, in milliseconds, interpolated within its
 * bucket; null if nothing was delivered. Beyond the last bound it is that bound.
 */
export function deliveryPercentile(deliveryTimes: readonly number[], share: number): number | null {
  const total = deliveryTimes.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = share * total;
  for (const [bucket, count] of deliveryTimes.entries()) {
    if (count > 0 && left <= count) {
      const lower = DELIVERY_BOUNDS[bucket - 1] ?? 0;
      const upper = DELIVERY_BOUNDS[bucket] ?? lower;
      return Math.round(lower + ((upper - lower) * left) / count);
    }
    left -= count;
  }
  return DELIVERY_BOUNDS.at(-1) ?? 0;
}

/** Returns the sum of counts. */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    accepted: a.accepted + b.accepted,
    recipients: a.recipients + b.recipients,
    delivered: a.delivered + b.delivered,
    deferred: a.deferred + b.deferred,
    bounced: a.bounced + b.bounced,
    cancelled: a.cancelled + b.cancelled,
    deliveryTimes: a.deliveryTimes.map((count, bucket) => count + (b.deliveryTimes[bucket] ?? 0)),
  };
}

/** Returns delivered, and bounced, to all that came to an end, from 0 to 1; null if nothing did. */
export function ratesOf({ delivered, bounced }: Counts): { delivery: number; bounce: number } | null {
  const ended = delivered + bounced;
  return ended === 0 ? null : { delivery: delivered / ended, bounce: bounced / ended };
}
