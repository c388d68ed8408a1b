import type { Api } from '../context.js';
import { errorBody } from '../schemas/errors.js';
import { serverFacts, type ServerFacts } from '../schemas/server.js';

/** `GET /api/v1/server`: where apps send their mail, and what runs here. */
export function serverRoutes(app: Api, facts: () => ServerFacts): void {
  app.get(
    '/api/v1/server',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Ports, TLS and version of the server',
        tags: ['server'],
        response: { 200: serverFacts, 401: errorBody },
      },
    },
    async () => facts(),
  );
}
