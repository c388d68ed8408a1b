import { addCounts, type Counts, NO_COUNTS } from '../../store/statistics.js';
import type { Api, ApiContext } from '../context.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import { iso } from '../reading/facts.js';
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
      // One more than asked for says whether there is another page.
      const names = await statistics.tags(scope, { ...domain, ...after, limit: query.limit + 1 });
      const end = performance.now() + limits.listTime;
      const tags = [];
      for (const { tag } of names.slice(0, query.limit)) {
        const points = await statistics.counts(scope, { ...domain, tag, unit: query.by, since, until });
        tags.push({ tag, ...countsOf(points.reduce<Counts>(addCounts, NO_COUNTS)) });
        if (performance.now() > end) break;
      }
      const more = names.length > tags.length;
      return { since: iso(since), until: iso(until), tags, next: more ? (tags.at(-1)?.tag ?? null) : null };
    },
  );
}
