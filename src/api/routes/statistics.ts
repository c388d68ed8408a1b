import { addCounts, type Counts, type Destination, NO_COUNTS } from '../../store/statistics.js';
import type { Api, ApiContext } from '../context.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { iso } from '../reading/facts.js';
import { readPage } from '../reading/page.js';
import { countsOf, spanOf, timesOf } from '../reading/statistics.js';
import {
  statistics,
  type StatisticsBody,
  statisticsQuery,
  tagList,
  tagsQuery,
} from '../schemas/statistics.js';

/** Receiving domains that the statistics show. */
const DESTINATIONS = 20;

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
        response: { 200: tagList },
      },
    },
    async (request) => {
      const { domain, prefix, after, limit } = request.query;
      const page = await readPage(
        limit,
        (most) =>
          store.statistics.tags(scopeOfRequest(request), {
            ...(domain === undefined ? {} : { domain: domain.toLowerCase() }),
            ...(prefix === undefined ? {} : { prefix }),
            ...(after === undefined ? {} : { after }),
            limit: most,
          }),
        ({ tag }) => tag,
      );
      const tags = page.items.map((each) => ({ ...each, lastUsed: iso(each.lastUsed) }));
      return { tags, next: page.next };
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
        response: { 200: statistics },
      },
    },
    async (request) => {
      const { query } = request;
      const { since, until } = spanOf(query, now());
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
        total: countsOf(points.reduce<Counts>(addCounts, NO_COUNTS)),
        points: points.map((point) => ({ at: iso(point.at), ...countsOf(point) })),
        slowestDestinations: destinations.map(destinationOf),
      };
    },
  );
}

function destinationOf({
  deliveryTimes,
  ...destination
}: Destination): StatisticsBody['slowestDestinations'][number] {
  return { ...destination, timeToDelivery: timesOf(deliveryTimes) };
}
