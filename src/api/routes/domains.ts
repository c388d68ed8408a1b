import { parseDomainName } from '../../submission/domain-name.js';
import { addDomain, rotateToken } from '../../submission/domains.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError, fieldError } from '../errors.js';
import { principalOf, scopeOfRequest } from '../plugins/authorization.js';
import { domainEntryOf, namedDomain } from '../reading/domain.js';
import { iso } from '../reading/facts.js';
import { readPage } from '../reading/page.js';
import {
  addedDomain,
  domainEntry,
  domainPage,
  domainParameters,
  domainRetention,
  domainsQuery,
  newDomain,
  removalQuery,
  removedDomain,
  rotatedToken,
  tokenRotation,
} from '../schemas/domains.js';
import { errorBody } from '../schemas/errors.js';

const tags = ['domains'];
const failures = { 404: errorBody };

/** `/api/v1/domains`: sending domains and their tokens. */
export function domainRoutes(
  app: Api,
  context: ApiContext,
  { tokenGrace }: { readonly tokenGrace: number },
): void {
  const { store, now, directory } = context;
  const { domainRecords } = store;

  app.get(
    '/api/v1/domains',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Sending domains, by name; a domain sees itself alone',
        tags,
        querystring: domainsQuery,
        response: { 200: domainPage },
      },
    },
    async (request) => {
      const { contains, after, limit } = request.query;
      const page = await readPage(
        limit,
        (most) =>
          domainRecords.list(
            scopeOfRequest(request),
            {
              ...(contains === undefined ? {} : { contains: contains.toLowerCase() }),
              ...(after === undefined ? {} : { after: after.toLowerCase() }),
              limit: most,
            },
            now(),
          ),
        ({ name }) => name,
      );
      return { domains: page.items.map(domainEntryOf), next: page.next };
    },
  );

  app.post(
    '/api/v1/domains',
    {
      config: { access: 'administrator' },
      schema: {
        summary: 'Add a domain, or bring a removed one back; the answer has its token',
        tags,
        body: newDomain,
        response: { 201: addedDomain, 409: errorBody },
      },
    },
    async (request, reply) => {
      const name = parseDomainName(request.body.name);
      if (name === null) throw fieldError('name', 'is not a domain name');
      const added = await addDomain(store, name, now());
      if (added === null) throw new ApiError('conflict', { text: `The domain ${name} is there already` });
      directory.forget();
      const { record } = await namedDomain(store, request, name, now());
      return reply.code(201).send({ domain: domainEntryOf(record), token: added.token.expose() });
    },
  );

  app.get(
    '/api/v1/domains/:name',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'A domain with the state of its token',
        tags,
        params: domainParameters,
        response: { 200: domainEntry, ...failures },
      },
    },
    async (request) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      return domainEntryOf(record);
    },
  );

  app.delete(
    '/api/v1/domains/:name',
    {
      config: { access: 'administrator' },
      schema: {
        summary: 'Remove a domain with its tokens and sessions; its messages stay',
        tags,
        params: domainParameters,
        querystring: removalQuery,
        response: { 200: removedDomain, ...failures },
      },
    },
    async (request) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      const { waiting } = request.query;
      const cancelled = await domainRecords.remove(scopeOfRequest(request), record.name, waiting, now());
      if (cancelled === null) throw new ApiError('not_found');
      directory.forget();
      context.credentialsChanged();
      return { cancelled };
    },
  );

  app.put(
    '/api/v1/domains/:name/retention',
    {
      config: { access: 'administrator' },
      schema: {
        summary: "Set how long a domain's messages are kept",
        description:
          'Messages that wait, are held, or whose sender is owed a notification are kept in any case.',
        tags,
        params: domainParameters,
        body: domainRetention,
        response: { 200: domainEntry, ...failures },
      },
    },
    async (request) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      if (!(await domainRecords.setRetention(scope, record.name, request.body)))
        throw new ApiError('not_found');
      return domainEntryOf({ ...record, retention: request.body });
    },
  );

  app.post(
    '/api/v1/domains/:name/token',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Give a domain a new API token',
        description: 'The old one works until the grace is over. All other sessions of the domain end.',
        tags,
        params: domainParameters,
        body: tokenRotation,
        response: { 201: rotatedToken, ...failures },
      },
    },
    async (request, reply) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      const at = now();
      const oldUntil = at + (request.body.grace ?? tokenGrace);
      const { session: kept } = principalOf(request);
      const token = await rotateToken(store, record.name, { oldUntil, now: at, kept });
      if (token === null) throw new ApiError('not_found');
      directory.forget();
      context.credentialsChanged();
      return reply.code(201).send({ token: token.expose(), oldUntil: iso(oldUntil) });
    },
  );
}
