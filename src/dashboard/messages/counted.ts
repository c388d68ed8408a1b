import { filterUrl, type Filter } from './filter.js';

const STEPS = { hour: 3_600_000, day: 86_400_000 } as const;

/**
 * Returns the address of the messages that statistics count: from the beginning of the first hour or day, which is in
 * UTC, and without the notifications of the server.
 *
 * @param since a time in the first hour or day, as the API gives it
 */
export function countedUrl(by: keyof typeof STEPS, since: string, filter: Partial<Filter>): string {
  const first = Math.floor(Date.parse(since) / STEPS[by]) * STEPS[by];
  return filterUrl({ ...filter, notifications: 'none', since: new Date(first).toISOString() });
}
