import type { Api } from '../context.js';
import type { Scrape } from '../metrics/scrape.js';
import type { Access } from '../principal.js';
import { contentOf } from '../plugins/documentation.js';

/** `/metrics`, in the text format of Prometheus. */
export function metricsRoutes(app: Api, scrape: Scrape, access: Extract<Access, 'local' | 'open'>): void {
  app.get(
    '/metrics',
    {
      config: { access },
      schema: {
        summary: 'Metrics for Prometheus; for clients on this machine and the administrator',
        tags: ['operations'],
        response: { 200: contentOf('text/plain', 'The metrics, as Prometheus reads them') },
      },
    },
    async (_request, reply) => {
      const text = await scrape.text();
      return reply
        .type(scrape.contentType)
        .serializer((payload: string) => payload)
        .send(text);
    },
  );
}
