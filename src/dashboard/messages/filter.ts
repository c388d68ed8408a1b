import type { MessageEntry } from '../../api/schemas/messages.js';
import { type Query, queryOf } from '../api/request.js';

type Status = MessageEntry['status'];

/** The states of a message, in the order in which pages show them. */
export const STATUSES: readonly Status[] = [
  'queued',
  'deferred',
  'delivered',
  'bounced',
  'held',
  'cancelled',
];

/** Selects the messages of the list. It stands in the URL, so that a link shows the same to others. */
export interface Filter {
  readonly search: string;
  /** One of them; empty: any. */
  readonly status: readonly string[];
  /** All of them. */
  readonly tag: readonly string[];
  /** One of them; empty: any. */
  readonly domain: readonly string[];
  /** `none`: no notification of the server; `only`: nothing else; empty: both. */
  readonly notifications: string;
  readonly since: string;
  readonly until: string;
}

const NO_FILTER: Filter = {
  search: '',
  status: [],
  tag: [],
  domain: [],
  notifications: '',
  since: '',
  until: '',
};

/** Reads the query of a URL. Unknown parameters are left out. */
export function parseFilter(query: string): Filter {
  const given = new URLSearchParams(query);
  return {
    search: given.get('search') ?? '',
    status: given.getAll('status'),
    tag: given.getAll('tag'),
    domain: given.getAll('domain'),
    notifications: given.get('notifications') ?? '',
    since: given.get('since') ?? '',
    until: given.get('until') ?? '',
  };
}

/** Returns the filter as parameters of the API, which are those of the URL too. */
export function filterQuery({ search, notifications, since, until, ...lists }: Filter): Query {
  const texts = { search: search.trim(), notifications, since, until };
  return Object.fromEntries(Object.entries({ ...texts, ...lists }).filter(([, value]) => value.length > 0));
}

/** Returns the address of the list with this filter. */
export function filterUrl(filter: Partial<Filter>): string {
  return `/messages${queryOf(filterQuery({ ...NO_FILTER, ...filter }))}`;
}

export function isFiltered(filter: Filter): boolean {
  return Object.keys(filterQuery(filter)).length > 0;
}
