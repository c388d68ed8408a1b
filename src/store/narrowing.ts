/** Takes apart what a filter asks for: what an index can narrow, times, and what needs the text of a message. */
import type { Scope } from './scope.js';
import type { Status } from './message.js';
import type { MessageFilter, Search, SearchTerm } from './search.js';
import { termsOfFilter } from './search-text.js';

/** Messages between two ids, both excluded. */
export interface Range {
  readonly below: number;
  readonly above: number;
}

/** The conditions that an index can narrow. */
export interface Narrowing {
  /** Null for all. */
  readonly domainIds: readonly number[] | null;
  readonly statuses: readonly Status[] | null;
  readonly tags: readonly string[];
}

/** Conditions on the time at which a message came in. */
interface Times {
  /** Milliseconds since the epoch; null for any time. */
  readonly since: number | null;
  readonly until: number | null;
}

/** Conditions that the row of a message decides, and that no index has. */
export interface RowConditions extends Times {
  /** True: only messages with the null reverse-path. False: only others. Null: both. */
  readonly notifications: boolean | null;
}

/** A filter with names resolved, within a scope. */
export interface Narrowed extends RowConditions {
  readonly narrowing: Narrowing;
  /** All that must hold of the text of a message, and what must not hold of it. */
  readonly search: Search;
}

/**
 * Returns the parts of a filter; null if nothing can match.
 *
 * @param named ids of the domains that the filter names; null if it names none
 */
export function narrowed(
  scope: Scope,
  filter: MessageFilter,
  named: readonly number[] | null,
): Narrowed | null {
  const domainIds = within(scope, named);
  const search: SearchTerm[] = [];
  const tags = new Set(filter.tags);
  let statuses: readonly Status[] | null =
    filter.statuses === undefined ? null : [...new Set(filter.statuses)];
  let since = filter.since ?? null;
  let until = filter.until ?? null;
  // Conditions that an index or SQL can check are taken out of the search.
  for (const term of termsOfFilter(filter)) {
    const { negated } = term;
    if (term.kind === 'tag' && !negated) tags.add(term.tag);
    else if (term.kind === 'status' && !negated) {
      const { status } = term;
      statuses = (statuses ?? [status]).filter((each) => each === status);
    } else if (term.kind === 'before' || term.kind === 'after') {
      if ((term.kind === 'after') === negated) until = Math.min(until ?? Infinity, term.time);
      else since = Math.max(since ?? -Infinity, term.time);
    } else search.push(term);
  }
  if (domainIds?.length === 0 || statuses?.length === 0) return null;
  const notifications = filter.notifications ?? null;
  return { narrowing: { domainIds, statuses, tags: [...tags] }, since, until, notifications, search };
}

function within(scope: Scope, named: readonly number[] | null): readonly number[] | null {
  const domainIds = named === null ? null : [...new Set(named)];
  if (scope === 'all') return domainIds;
  return domainIds === null || domainIds.includes(scope.domainId) ? [scope.domainId] : [];
}
