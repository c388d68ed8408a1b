import type { Query } from '../api/request.js';

/** A span of time that statistics are shown for. */
export interface Span {
  /** In the URL. */
  readonly name: string;
  readonly title: string;
  readonly query: { readonly since: string; readonly by: 'hour' | 'day' };
  /** Milliseconds. */
  readonly length: number;
}

const HOUR = 3_600_000;

export const SPANS: readonly Span[] = [
  { name: '24h', title: '24 hours', query: { since: '24h', by: 'hour' }, length: 24 * HOUR },
  { name: '7d', title: '7 days', query: { since: '7d', by: 'hour' }, length: 7 * 24 * HOUR },
  { name: '30d', title: '30 days', query: { since: '30d', by: 'day' }, length: 30 * 24 * HOUR },
  { name: '365d', title: 'A year', query: { since: '365d', by: 'day' }, length: 365 * 24 * HOUR },
];

const [FIRST] = SPANS;

/** Returns the span that a URL names; the shortest one unless it names one. */
export function spanNamed(name: string | null): Span {
  const span = SPANS.find((each) => each.name === name) ?? FIRST;
  if (span === undefined) throw new Error('there is no span');
  return span;
}

/** Returns the parameters of statistics for a span, and for one domain if it is not empty. */
export function statisticsQuery({ query }: Span, domain: string): Query {
  return { ...query, domain: domain === '' ? undefined : domain };
}
