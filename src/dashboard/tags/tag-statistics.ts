import type { TagStatisticsBody } from '../../api/schemas/statistics.js';
import { type Query, request } from '../api/request.js';

export type TagEntry = TagStatisticsBody['tags'][number];

interface TagEntries {
  readonly tags: readonly TagEntry[];
  /** A time in the first hour or day that is counted. */
  readonly since: string;
  /** Whether there are more than the page reads. */
  readonly more: boolean;
}

/** Tags that a page reads at most. */
const MOST = 1_000;

/** Returns the statistics of all tags, page by page. */
export async function allTagStatistics(query: Query, signal: AbortSignal): Promise<TagEntries> {
  const tags: TagEntry[] = [];
  let after: string | undefined;
  let since = '';
  do {
    const page: TagStatisticsBody = await request<TagStatisticsBody>('GET', '/api/v1/statistics/tags', {
      query: { ...query, after },
      signal,
    });
    tags.push(...page.tags);
    since ||= page.since;
    after = page.next ?? undefined;
  } while (after !== undefined && tags.length < MOST);
  return { tags, since, more: after !== undefined };
}
