import type { FastifyRequest } from 'fastify';
import type { DomainRecord } from '../../store/domain-records.js';
import type { Scope, Store } from '../../store/port.js';
import { parseDomainName } from '../../submission/domain-name.js';
import { ApiError } from '../errors.js';
import { scopeOfRequest } from '../plugins/authorization.js';
import type { DomainEntry } from '../schemas/domains.js';
import { iso, isoOrNull } from './facts.js';

/** A domain that a request names in its path, and the scope that all further queries of the request take. */
interface NamedDomain {
  readonly record: DomainRecord;
  /** This domain alone, also for the administrator, so that no number in the path leads to another domain. */
  readonly scope: Scope;
}

/** @throws ApiError if the scope of the request does not have the domain */
export async function namedDomain(
  { domainRecords }: Pick<Store, 'domainRecords'>,
  request: FastifyRequest,
  text: string,
  now: number,
): Promise<NamedDomain> {
  const name = parseDomainName(text);
  const record = name === null ? null : await domainRecords.find(scopeOfRequest(request), name, now);
  if (record === null) throw new ApiError('not_found');
  return { record, scope: { domainId: record.id } };
}

/** Returns a domain as the API shows it. */
export function domainEntryOf({
  name,
  createdAt,
  messages,
  contentOctets,
  tokens,
  retention,
}: DomainRecord): DomainEntry {
  return {
    name,
    createdAt: iso(createdAt),
    messages: { ...messages },
    contentOctets,
    tokens: tokens.map((token) => ({
      createdAt: isoOrNull(token.createdAt),
      lastUsedAt: isoOrNull(token.lastUsedAt),
      expiresAt: isoOrNull(token.expiresAt),
    })),
    retention: { ...retention },
  };
}
