import { addCounts, type Counts, NO_COUNTS } from '../../store/statistics.js';
import type { Api, ApiContext } from '../context.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { iso } from '../reading/facts.js';
import { readPage } from '../reading/page.js';
import { countsOf, spanOf } from '../reading/statistics.js';
import { tagStatistics, tagStatisticsQuery } from '../schemas/statistics.js';

/** `GET /api/v1/statistics/tags`: what became of mail, tag by tag. */
export function tagStatisticsRoutes(app: Api, { store: { statistics }, now, limits }: ApiContext): void {
  app.get(
    '/api/v1/statistics/tags',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'What became of mail, tag by tag, by name',
        description:
          'The tags are those of stored messages. A page may have fewer than `limit`: go on while `next` is not null.',
        tags: ['statistics'],
        querystring: tagStatisticsQuery,
        response: { 200: tagStatistics },
      },
    },
    async (request) => {
      const { query } = request;
      const { since, until } = spanOf(query, now());
      const scope = scopeOfRequest(request);
      const domain = query.domain === undefined ? {} : { domain: query.domain.toLowerCase() };
      const after = query.after === undefined ? {} : { after: query.after };
      const page = await readPage(
        query.limit,
        (limit) => statistics.tags(scope, { ...domain, ...after, limit }),
        ({ tag }) => tag,
      );
      const end = performance.now() + limits.listTime;
      const tags = [];
      for (const { tag } of page.items) {
        const points = await statistics.counts(scope, { ...domain, tag, unit: query.by, since, until });
        tags.push({ tag, ...countsOf(points.reduce<Counts>(addCounts, NO_COUNTS)) });
        if (performance.now() > end) break;
      }
      const next = tags.length < page.items.length ? (tags.at(-1)?.tag ?? null) : page.next;
      return { since: iso(since), until: iso(until), tags, next };
    },
  );
}
