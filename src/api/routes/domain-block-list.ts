import { z } from 'zod';
import type { ExpiringEntry } from '../../store/block-list.js';
import { isEntryReason, parseEntryAddress } from '../../submission/block-entry.js';
import type { Submissions } from '../../submission/submissions.js';
import type { Api, ApiContext } from '../context.js';
import { ApiError, fieldError } from '../errors.js';
import { namedDomain } from '../reading/domain.js';
import { iso, isoOrNull } from '../reading/facts.js';
import { readMatching, readPage } from '../reading/page.js';
import {
  type BlockEntryBody,
  blockEntryParameters,
  blockListPage,
  blockListQuery,
  changedEntries,
  newBlockEntries,
  type newBlockEntry,
  removedAddresses,
} from '../schemas/block-list.js';
import { domainParameters } from '../schemas/domains.js';
import { errorBody } from '../schemas/errors.js';

const tags = ['domains'];
const failures = { 404: errorBody };

/** `/api/v1/domains/:name/block-list`: recipients that are not sent to, and recipients that always may be. */
export function domainBlockListRoutes(
  app: Api,
  { store, limits, now }: ApiContext,
  submissions: Pick<Submissions, 'blockListChanged'>,
): void {
  const { blockLists } = store;

  app.get(
    '/api/v1/domains/:name/block-list',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Blocked and allowed recipients, by address',
        description:
          'With `contains` or `verdict`, a page may have fewer than `limit`: go on while `next` is not null.',
        tags,
        params: domainParameters,
        querystring: blockListQuery,
        response: { 200: blockListPage, ...failures },
      },
    },
    async (request) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      const { verdict, contains, after, limit } = request.query;
      const read = (from: string | undefined, most: number): Promise<ExpiringEntry[]> => {
        const begin = from === undefined ? {} : { after: { domain: record.name, address: from } };
        return blockLists.search(scope, { domain: record.name, ...begin, limit: most }, now());
      };
      const begin = after?.toLowerCase();
      const part = contains?.toLowerCase();
      const addressOf = ({ address }: ExpiringEntry): string => address;
      // What is looked for may be rare, and the list long: then it is read piece by piece.
      const { items, next } =
        verdict === undefined && part === undefined
          ? await readPage(limit, (most) => read(begin, most), addressOf)
          : await readMatching(
              { limit, after: begin, time: limits.listTime },
              read,
              (entry) =>
                (verdict ?? entry.verdict) === entry.verdict && entry.address.includes(part ?? entry.address),
              addressOf,
            );
      return { entries: items.map(entryOf), next };
    },
  );

  app.post(
    '/api/v1/domains/:name/block-list',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Block or allow recipients, or change their entries',
        description: 'All of them, or none if one is malformed.',
        tags,
        params: domainParameters,
        body: newBlockEntries,
        response: { 200: changedEntries, ...failures },
      },
    },
    async (request) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      const since = now();
      const entries = request.body.entries.map((entry, index) => ({
        domain: record.name,
        since,
        ...newEntry(entry, index, since),
      }));
      const changed = await blockLists.putAll(scope, entries);
      submissions.blockListChanged(record);
      return { changed };
    },
  );

  app.post(
    '/api/v1/domains/:name/block-list/remove',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Remove entries of recipients',
        description: 'Addresses without an entry are passed over.',
        tags,
        params: domainParameters,
        body: removedAddresses,
        response: { 200: changedEntries, ...failures },
      },
    },
    async (request) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      const entries = request.body.addresses.map((address) => ({ domain: record.name, address }));
      return { changed: await blockLists.removeAll(scope, entries) };
    },
  );

  app.delete(
    '/api/v1/domains/:name/block-list/:address',
    {
      config: { access: 'domain' },
      schema: {
        summary: 'Remove the entry of a recipient',
        tags,
        params: blockEntryParameters,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { record, scope } = await namedDomain(store, request, request.params.name, now());
      const { address } = request.params;
      if ((await blockLists.removeAll(scope, [{ domain: record.name, address }])) === 0)
        throw new ApiError('not_found');
      return reply.code(204).send(null);
    },
  );
}

/** @throws ApiError with the name of the field that is wrong */
function newEntry(
  { address: text, verdict, reason = `${verdict} by hand`, expiresAt = null }: z.output<typeof newBlockEntry>,
  index: number,
  now: number,
): Pick<ExpiringEntry, 'address' | 'verdict' | 'reason' | 'expiresAt'> {
  const wrong = (field: string, problem: string): ApiError =>
    fieldError(`entries.${index}.${field}`, problem);
  const address = parseEntryAddress(text);
  if (address === null) throw wrong('address', 'is not an address');
  if (!isEntryReason(reason)) throw wrong('reason', 'is not one printable line');
  const end = expiresAt === null ? null : Date.parse(expiresAt);
  if (end !== null && end <= now) throw wrong('expiresAt', 'has passed');
  return { address, verdict, reason, expiresAt: end };
}

function entryOf({ address, verdict, reason, since, expiresAt }: ExpiringEntry): BlockEntryBody {
  return { address, verdict, reason, since: iso(since), expiresAt: isoOrNull(expiresAt) };
}
