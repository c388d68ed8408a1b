import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../metrics/metrics.js';

/** The route that stands for all paths that there is no route for. */
const NO_ROUTE = 'none';
/** The route of the pages for such paths. */
const ANY_PATH = '/*';

/** Counts requests, the mail that was refused by those that send it, and how long their answers took, by the patterns of their routes. */
export function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', ({ method, routeOptions, refusal }, reply, done) => {
    const { url, config } = routeOptions;
    const duration = config.lasting === true ? null : reply.elapsedTime;
    // The methods of routes are few; others get the route of no route.
    if (refusal !== null && config.access === 'token' && method === 'POST') metrics.refused('api', refusal);
    const known = url !== undefined && url !== ANY_PATH;
    metrics.answered(known ? method : '-', known ? url : NO_ROUTE, reply.statusCode, duration);
    done();
  });
}
