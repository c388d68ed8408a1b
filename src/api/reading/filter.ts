import type { z } from 'zod';
import type { MessageFilter } from '../../store/search.js';
import { fieldError } from '../errors.js';
import type { messageFilter } from '../schemas/messages.js';
import { parseSearch } from './search.js';
import { parseTime, TIME_FORM } from './time.js';

/** The filter of messages, as a request gives it. */
type FilterFields = z.output<z.ZodObject<typeof messageFilter>>;

/**
 * Returns what selects messages, as the store takes it.
 *
 * @throws ApiError if a time or the search cannot be read
 */
export function filterOf(fields: FilterFields, now: number): MessageFilter {
  const { domain, tag, status, from, to, subject, notifications, since, until, search } = fields;
  return {
    ...(domain === undefined ? {} : { domains: domain.map((name) => name.toLowerCase()) }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(subject === undefined ? {} : { subject }),
    ...(notifications === undefined ? {} : { notifications: notifications === 'only' }),
    ...(since === undefined ? {} : { since: timeOf('since', since, now) }),
    ...(until === undefined ? {} : { until: timeOf('until', until, now) }),
    ...(search === undefined ? {} : { search: parseSearch(search, now) }),
  };
}

/** Returns the fields that select messages, for the check of a cursor: as they were given, since `7d` moves on. */
export function questionOf(fields: FilterFields): unknown {
  const { domain, tag, status, from, to, subject, notifications, since, until, search } = fields;
  return [domain, tag, status, from, to, subject, notifications, since, until, search];
}

export function timeOf(field: string, text: string, now: number): number {
  const time = parseTime(text, now);
  if (time === null) throw fieldError(field, `is not ${TIME_FORM}`);
  return time;
}
