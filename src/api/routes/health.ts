import { z } from 'zod';
import type { Api } from '../context.js';

const health = z.object({ status: z.literal('ok') });
const readiness = z.object({ status: z.enum(['ready', 'not ready']), reasons: z.array(z.string()) });

/** `/healthz`: the process answers. `/readyz`: it can take mail, or why not. */
export function healthRoutes(app: Api, problems: () => Promise<readonly string[]>): void {
  app.get(
    '/healthz',
    {
      config: { access: 'open' },
      schema: { summary: 'Whether the process answers', tags: ['operations'], response: { 200: health } },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { access: 'open' },
      schema: {
        summary: 'Whether the server can take mail, and why not',
        tags: ['operations'],
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const reasons = [...(await problems())];
      if (reasons.length === 0) return { status: 'ready' as const, reasons };
      return reply.code(503).send({ status: 'not ready' as const, reasons });
    },
  );
}
