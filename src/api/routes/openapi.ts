import { z } from 'zod';
import type { Api } from '../context.js';
import { compressAnswer } from '../plugins/compress.js';

/** `/api/openapi.json`: the description of all routes, made from the routes themselves. */
export function openApiRoute(app: Api): void {
  let document: unknown = null;
  app.get(
    '/api/openapi.json',
    {
      config: { access: 'open' },
      onSend: compressAnswer,
      schema: {
        summary: 'This description',
        tags: ['operations'],
        response: { 200: z.record(z.string(), z.unknown()) },
      },
    },
    async () => (document ??= app.swagger()) as Record<string, unknown>,
  );
}
