import { ApiError } from '../../api/errors.js';
import { filterOf } from '../../api/reading/filter.js';
import type { Status } from '../../store/port.js';
import type { MessageFilter } from '../../store/search.js';
import { domainName } from './domain-name.js';
import { UsageError } from '../error.js';

/** The options that select messages. They mean the same as the parameters of `GET /api/v1/messages`. */
export interface FilterOptions {
  readonly search?: string;
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly domain?: string[];
  readonly tag?: string[];
  readonly status?: Status[];
  readonly since?: string;
  readonly until?: string;
}

/**
 * Returns what the options select, as the store takes it.
 *
 * @param now milliseconds since the epoch: the time from which `7d` counts back
 * @throws UsageError if a time or the search cannot be read; it names the option
 */
export function filterFrom(options: FilterOptions, now: number): MessageFilter {
  const { search, from, to, subject, domain, tag, status, since, until } = options;
  const domains = domain?.map(domainName);
  try {
    return filterOf({ search, from, to, subject, domain: domains, tag, status, since, until }, now);
  } catch (error) {
    if (error instanceof ApiError) throw usageError(error, options);
    throw error;
  }
}

/** Returns true if an option selects some of the messages. Without any, all messages match. */
export function selects(options: FilterOptions): boolean {
  const { search, from, to, subject, domain, tag, status, since, until } = options;
  return [search, from, to, subject, domain, tag, status, since, until].some((value) => value !== undefined);
}

function usageError({ message, fields, at }: ApiError, options: FilterOptions): UsageError {
  if (at !== null) {
    const search = options.search ?? '';
    const marks = `${' '.repeat(at.start)}${'^'.repeat(Math.max(1, at.length))}`;
    return new UsageError(`--search: ${message}\n  ${search.replace(/\s/g, ' ')}\n  ${marks}`);
  }
  const [named] = Object.entries(fields ?? {});
  if (named === undefined) return new UsageError(message);
  const [field, problems] = named;
  const given = field === 'since' || field === 'until' ? ` ${JSON.stringify(options[field])}` : '';
  return new UsageError(`--${field}${given} ${problems.join(', ')}`);
}
