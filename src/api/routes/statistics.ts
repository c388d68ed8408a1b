import { STORE } from '../../store/limits.js';
import {
  addCounts,
  type Counts,
  deliveryPercentile,
  type Destination,
  NO_COUNTS,
  ratesOf,
} from '../../store/statistics.js';
import type { Api, ApiContext } from '../context.js';
import { fieldError } from '../errors.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { iso } from '../reading/facts.js';
import { timeOf } from '../reading/filter.js';
import { errorBody } from '../schemas/errors.js';
import {
  statistics,
  type StatisticsBody,
  statisticsQuery,
  tagList,
  tagsQuery,
} from '../schemas/statistics.js';

/** Receiving domains that the statistics show. */
const DESTINATIONS = 20;
const UNITS = { hour: 3_600_000, day: 86_400_000 } as const;

/** `GET /api/v1/tags` and `GET /api/v1/statistics`. */
export function statisticsRoutes(app: Api, { store, now }: ApiContext): void {
  app.get(
    '/api/v1/tags',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Tags of stored messages, by name',
        tags: ['statistics'],
        querystring: tagsQuery,
        response: { 200: tagList, 400: errorBody, 401: errorBody, 503: errorBody },
      },
    },
    async (request) => {
      const { domain, prefix, after, limit } = request.query;
      // One more than asked for says whether there is another page.
      const found = await store.statistics.tags(scopeOfRequest(request), {
        ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
        ...(prefix === undefined ? {} : { prefix }),
        ...(after === undefined ? {} : { after }),
        limit: limit + 1,
      });
      const tags = found.slice(0, limit).map((each) => ({ ...each, lastUsed: iso(each.lastUsed) }));
      return { tags, next: found.length > limit ? (tags.at(-1)?.tag ?? null) : null };
    },
  );

  app.get(
    '/api/v1/statistics',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'What became of mail, by hour or day',
        description: 'Deleting messages changes no statistics.',
        tags: ['statistics'],
        querystring: statisticsQuery,
        response: { 200: statistics, 400: errorBody, 401: errorBody, 503: errorBody },
      },
    },
    async (request) => {
      const { query } = request;
      const at = now();
      const since = timeOf('since', query.since, at);
      const until = query.until === undefined ? at : timeOf('until', query.until, at);
      if (until < since) throw fieldError('until', 'is before since');
      // The span may begin and end within a unit, so it may touch one more than its length says.
      if ((until - since) / UNITS[query.by] > STORE.statisticsUnits.initial - 2) {
        throw fieldError(
          'since',
          `is more than ${STORE.statisticsUnits.initial - 2} ${query.by}s before until`,
        );
      }
      const scope = scopeOfRequest(request);
      const domain = query.domain === undefined ? {} : { domain: query.domain.toLowerCase() };
      const [points, destinations] = await Promise.all([
        store.statistics.counts(scope, {
          ...domain,
          ...(query.tag === undefined ? {} : { tag: query.tag }),
          unit: query.by,
          since,
          until,
        }),
        store.statistics.destinations(scope, { ...domain, since, until, limit: DESTINATIONS }),
      ]);
      return {
        by: query.by,
        since: iso(since),
        until: iso(until),
        total: shown(points.reduce<Counts>(addCounts, NO_COUNTS)),
        points: points.map((point) => ({ at: iso(point.at), ...shown(point) })),
        slowestDestinations: destinations.map(destinationOf),
      };
    },
  );
}

function shown(counts: Counts): StatisticsBody['total'] {
  const { accepted, recipients, delivered, deferred, bounced, cancelled, deliveryTimes } = counts;
  const rates = ratesOf(counts);
  return {
    ...{ accepted, recipients, delivered, deferred, bounced, cancelled },
    deliveryRate: rates?.delivery ?? null,
    bounceRate: rates?.bounce ?? null,
    timeToDelivery: timesOf(deliveryTimes),
  };
}

function destinationOf({
  deliveryTimes,
  ...destination
}: Destination): StatisticsBody['slowestDestinations'][number] {
  return { ...destination, timeToDelivery: timesOf(deliveryTimes) };
}

function timesOf(deliveryTimes: readonly number[]): { p50: number | null; p95: number | null } {
  return { p50: deliveryPercentile(deliveryTimes, 0.5), p95: deliveryPercentile(deliveryTimes, 0.95) };
}
