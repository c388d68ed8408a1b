import type { Api, ApiContext } from '../context.js';
import {
  type Installation,
  nodeList,
  serverFacts,
  type ServerFacts,
  serverState,
} from '../schemas/server.js';

interface ServerRoutes {
  readonly server: () => ServerFacts;
  readonly installation: () => Promise<Installation>;
}

/** `/api/v1/server`: where apps send their mail, what runs here, and on what. */
export function serverRoutes(app: Api, { store }: ApiContext, { server, installation }: ServerRoutes): void {
  app.get(
    '/api/v1/server',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Ports, TLS and version of the server',
        tags: ['server'],
        response: { 200: serverFacts },
      },
    },
    async () => server(),
  );

  app.get(
    '/api/v1/server/state',
    {
      config: { access: 'administrator' },
      schema: {
        summary: 'Disk, store and configuration of the server',
        tags: ['server'],
        response: { 200: serverState },
      },
    },
    async () => {
      const [facts, { messages, contentOctets }] = await Promise.all([
        installation(),
        store.domainRecords.totals(),
      ]);
      const count = Object.values(messages).reduce((sum, each) => sum + each, 0);
      return { ...facts, store: { messages: count, contentOctets } };
    },
  );

  app.get(
    '/api/v1/nodes',
    {
      config: { access: 'administrator' },
      schema: {
        summary: 'The servers that share the store, with their version and load',
        tags: ['server'],
        response: { 200: nodeList },
      },
    },
    async () => {
      const nodes = await store.nodes.list();
      return {
        nodes: nodes.map((node) => ({
          ...node,
          startedAt: new Date(node.startedAt).toISOString(),
          seenAt: new Date(node.seenAt).toISOString(),
        })),
      };
    },
  );
}
