import type { FastifyRequest } from 'fastify';
import type { StoreTotals } from '../../store/domain-records.js';
import type { Waiting } from '../../store/queue.js';
import type { Api, ApiContext } from '../context.js';
import { principalOf, scopeOfRequest } from '../plugins/authorization.js';
import { namedDomain } from '../reading/domain.js';
import { iso, isoOrNull } from '../reading/facts.js';
import { progressOf } from '../reading/stall.js';
import { errorBody } from '../schemas/errors.js';
import { progress, progressQuery, type QueuePage, queuePage, queueQuery } from '../schemas/queue.js';

interface QueueRoutes {
  readonly server: () => { readonly delivers: boolean; readonly direct: boolean };
}

/** `/api/v1/queue`: what waits to be delivered, and why; `/progress`: whether mail gets out. */
export function queueRoutes(app: Api, { store, now, limits }: ApiContext, { server }: QueueRoutes): void {
  app.get(
    '/api/v1/queue',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'What waits to be delivered, and why; oldest first',
        tags: ['queue'],
        querystring: queueQuery,
        response: { 200: queuePage, 404: errorBody },
      },
    },
    async (request) => {
      const { after, limit } = request.query;
      const { domain, totals } = await scopeOf(request, request.query.domain);
      const where = domain === null ? {} : { domain };
      const [waiting, [oldest]] = await Promise.all([
        store.queue.waiting({ ...where, ...(after === undefined ? {} : { after }), limit }),
        store.queue.waiting({ ...where, limit: 1 }),
      ]);
      const ids = new Set(waiting.map(({ id }) => id));
      return {
        messages: { ...totals.messages },
        oldest: isoOrNull(oldest?.receivedAt ?? null),
        waiting: waiting.map(waitingOf),
        next: ids.size < limit ? null : String(waiting.at(-1)?.id),
      };
    },
  );

  app.get(
    '/api/v1/queue/progress',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Whether mail gets out: the last delivery, and mail that failed with none since',
        tags: ['queue'],
        querystring: progressQuery,
        response: { 200: progress, 404: errorBody },
      },
    },
    async (request) => {
      const { domain } = await scopeOf(request, request.query.domain);
      const { delivers, direct } = server();
      const { lastDelivery, stall } = await progressOf(store, {
        ...{ scope: scopeOfRequest(request), domain, delivers, direct },
        ...{ now: now(), stallTime: limits.stallTime },
      });
      return {
        lastDelivery: isoOrNull(lastDelivery),
        stall: stall === null ? null : { ...stall, since: iso(stall.since) },
      };
    },
  );

  /** Returns the one domain whose queue is shown, or null for all, with the totals of it. */
  async function scopeOf(
    request: FastifyRequest,
    asked: string | undefined,
  ): Promise<{ domain: string | null; totals: Pick<StoreTotals, 'messages'> }> {
    const principal = principalOf(request);
    const name = asked ?? (principal.kind === 'domain' ? principal.domain.name : null);
    if (name === null) return { domain: null, totals: await store.domainRecords.totals() };
    const { record } = await namedDomain(store, request, name, now());
    return { domain: record.name, totals: record };
  }
}

function waitingOf(one: Waiting): QueuePage['waiting'][number] {
  const { id, domain, forwardPath, status, receivedAt, attempts, nextAttemptAt, leased, lastAttempt } = one;
  return {
    ...{ id, domain, status, attempts },
    to: forwardPath,
    receivedAt: iso(receivedAt),
    nextAttemptAt: iso(nextAttemptAt),
    underWay: leased,
    remoteHost: lastAttempt?.remoteHost ?? null,
    reply: lastAttempt?.reply ?? null,
  };
}
