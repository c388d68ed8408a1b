import { z } from 'zod';
import {
  DEFAULT_SELECTOR,
  makeKeys,
  SelectorRefused,
  shownKey,
  shownRecord,
} from '../../delivery/dkim/make-keys.js';
import type { Lookups } from '../../delivery/verify/lookup.js';
import type { DkimKey } from '../../store/dkim-keys.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError, fieldError } from '../errors.js';
import { namedDomain } from '../reading/domain.js';
import { Gate } from '../reading/gate.js';
import {
  dkimKeyChange,
  type DkimKeyEntry,
  dkimKeyParameters,
  dkimKeys,
  findings,
  newDkimKeys,
} from '../schemas/dkim.js';
import { domainParameters } from '../schemas/domains.js';
import { errorBody } from '../schemas/errors.js';

const tags = ['domains'];
const failures = { 404: errorBody };

interface DkimRoutes {
  /** Name of the host that sends, for the SPF record that is suggested. */
  readonly hostname: string;
  readonly lookups: () => Lookups;
}

/** `/api/v1/domains/:name/dkim`: the keys that a domain signs with; `/verify`: what others find in DNS. */
export function domainDkimRoutes(
  app: Api,
  { store, limits, now }: ApiContext,
  { hostname, lookups }: DkimRoutes,
): void {
  const keys = store.dkimKeys;
  const gate = new Gate(limits.domainWork);

  app.get(
    '/api/v1/domains/:name/dkim',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'The DKIM keys of a domain, and the records that publish them',
        tags,
        params: domainParameters,
        response: { 200: dkimKeys, ...failures },
      },
    },
    async (request) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      return { keys: (await keys.list(record.name)).map(keyEntry) };
    },
  );

  app.post(
    '/api/v1/domains/:name/dkim',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Make DKIM keys',
        tags,
        params: domainParameters,
        body: newDkimKeys,
        response: { 201: dkimKeys, 409: errorBody, ...failures },
      },
    },
    async (request, reply) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      const { selector = DEFAULT_SELECTOR, algorithm, active } = request.body;
      const leave = gate.enter(scope);
      try {
        const there = (await keys.list(record.name)).length;
        if (there >= limits.dkimKeys)
          throw new ApiError('conflict', {
            text: `The domain has ${there} keys already: remove those that are not needed`,
          });
        const made = await makeKeys(keys, record.name, { selector, algorithm, active, now });
        return await reply.code(201).send({ keys: made.map(keyEntry) });
      } catch (error) {
        if (!(error instanceof SelectorRefused)) throw error;
        if (error.reason === 'in-use')
          throw new ApiError('conflict', { text: `The selector ${error.selector} is in use` });
        throw fieldError('selector', 'is not letters in lower case, digits and hyphens');
      } finally {
        leave();
      }
    },
  );

  app.patch(
    '/api/v1/domains/:name/dkim/:selector',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Switch a DKIM key on or off',
        description: 'Messages are signed accordingly within seconds.',
        tags,
        params: dkimKeyParameters,
        body: dkimKeyChange,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      if (!(await keys.setActive(record.name, request.params.selector, request.body.active)))
        throw new ApiError('not_found');
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/api/v1/domains/:name/dkim/:selector',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Remove a DKIM key',
        description: 'Its record should stay for a week: messages on their way need it.',
        tags,
        params: dkimKeyParameters,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { record } = await namedDomain(store, request, request.params.name, now());
      if (!(await keys.remove(record.name, request.params.selector))) throw new ApiError('not_found');
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/domains/:name/verify',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Look up the DKIM, SPF, DMARC and MTA-STS records of a domain',
        description: 'May take up to 20 seconds.',
        tags,
        params: domainParameters,
        response: { 200: findings, ...failures },
      },
    },
    async (request) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      const leave = gate.enter(scope);
      try {
        const { checkDomain } = await import('../../delivery/verify/check-domain.js');
        const found = await checkDomain(record.name, await keys.list(record.name), hostname, lookups());
        return {
          ok: found.every(({ ok }) => ok),
          findings: found.map(({ record, optional = false, ...rest }) => ({
            ...rest,
            optional,
            record: record === null ? null : recordEntry(record),
          })),
        };
      } finally {
        leave();
      }
    },
  );
}

function keyEntry(key: DkimKey): DkimKeyEntry {
  const { domain: _domain, record, ...facts } = shownKey(key);
  return { ...facts, record: recordEntry(record) };
}

function recordEntry(record: Parameters<typeof shownRecord>[0]): DkimKeyEntry['record'] {
  const { strings, ...rest } = shownRecord(record);
  return { ...rest, strings: [...strings] };
}
