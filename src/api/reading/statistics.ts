import { STORE } from '../../store/limits.js';
import { type Counts, deliveryPercentile, ratesOf } from '../../store/statistics.js';
import { fieldError } from '../errors.js';
import type { StatisticsBody } from '../schemas/statistics.js';
import { timeOf } from './filter.js';

const UNITS = { hour: 3_600_000, day: 86_400_000 } as const;

/** The time that statistics are asked for, as a request gives it. */
interface SpanFields {
  readonly by: keyof typeof UNITS;
  readonly since: string;
  readonly until?: string | undefined;
}

/**
 * Returns the time that statistics are asked for, in milliseconds since the epoch.
 *
 * @throws ApiError if a time cannot be read, or there are too many hours or days
 */
export function spanOf(query: SpanFields, now: number): { readonly since: number; readonly until: number } {
  const since = timeOf('since', query.since, now);
  const until = query.until === undefined ? now : timeOf('until', query.until, now);
  if (until < since) throw fieldError('until', 'is before since');
  // The span may begin and end within a unit, so it may touch one more than its length says.
  const most = STORE.statisticsUnits.initial - 2;
  if ((until - since) / UNITS[query.by] > most) {
    throw fieldError('since', `is more than ${most} ${query.by}s before until`);
  }
  return { since, until };
}

/** Returns counts as the API shows them. */
export function countsOf(counts: Counts): StatisticsBody['total'] {
  const { accepted, recipients, delivered, deferred, bounced, cancelled, deliveryTimes } = counts;
  const rates = ratesOf(counts);
  return {
    ...{ accepted, recipients, delivered, deferred, bounced, cancelled },
    deliveryRate: rates?.delivery ?? null,
    bounceRate: rates?.bounce ?? null,
    timeToDelivery: timesOf(deliveryTimes),
  };
}

export function timesOf(deliveryTimes: readonly number[]): { p50: number | null; p95: number | null } {
  return { p50: deliveryPercentile(deliveryTimes, 0.5), p95: deliveryPercentile(deliveryTimes, 0.95) };
}
