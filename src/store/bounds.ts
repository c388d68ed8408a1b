/** Checks of requests: a value beyond a limit never reaches the database. */
import { STORE } from './limits.js';
import type { PageRequest } from './mail.js';
import type { StatisticsQuery } from './statistics.js';

const HOUR = 3_600_000;

/** @throws RangeError */
export function checkPage({ filter, before, newerThan, limit }: PageRequest): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > STORE.page.initial) {
    throw new RangeError(`limit: expected 1 to ${STORE.page.initial}, got ${limit}`);
  }
  for (const [name, position] of Object.entries({ before, newerThan })) {
    if (position === undefined || (Number.isSafeInteger(position) && position > 0)) continue;
    throw new RangeError(`${name}: expected a positive safe integer, got ${position}`);
  }
  if ((filter.search?.length ?? 0) > STORE.searchTerms.initial) {
    throw new RangeError(`search: expected at most ${STORE.searchTerms.initial} conditions`);
  }
}

/** @throws RangeError */
export function checkStatistics({ unit, since, until }: StatisticsQuery): void {
  const units = (until - since) / (unit === 'hour' ? HOUR : 24 * HOUR);
  if (units <= STORE.statisticsUnits.initial) return;
  throw new RangeError(
    `statistics: expected at most ${STORE.statisticsUnits.initial} units from since to until`,
  );
}
