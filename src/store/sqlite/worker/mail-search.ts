/** Finds the messages of a filter within a scope, newest first, with bounded work in each step. */
import { narrowed, type Narrowed, type Range } from '../../narrowing.js';
import type { Scope } from '../../port.js';
import type { MessageFilter, Search } from '../../search.js';
import { matches } from '../../search-text.js';
import type { Source } from './candidate-sources.js';
import { Candidates } from './candidates.js';
import type { Database } from './database.js';
import type { Documents } from './documents.js';
import { TimeSpans } from './time-spans.js';

/** Milliseconds after which a step ends once the candidates at hand are looked at. A page goes on in the next step. */
const STEP_MS = 10;
/** Texts that a step reads, however long that takes. */
const LEAST_TEXTS = 50;
/** Candidates that are looked at together: at first few more than the page needs, then more and more. */
const MOST_CANDIDATES = 1000;
const GROWTH = 4;

/** An index of words. */
export interface TextSources {
  /**
   * Returns a source of at least the messages that match; null if the index cannot narrow the search.
   *
   * @param others the source of messages that are not indexed yet
   */
  source(search: Search, others: () => Source): Source | null;
}

/** A part of the ids that match, and where to go on. */
export interface IdStep {
  readonly ids: number[];
  readonly next: number | null;
}

export class MailSearch {
  readonly #candidates: Candidates;
  readonly #times: TimeSpans;
  readonly #domainId;
  readonly #documents: Documents;
  readonly #index: TextSources | null;

  /** @param index null if there is none: texts of all candidates are read */
  constructor(database: Database, documents: Documents, index: TextSources | null) {
    this.#index = index;
    this.#candidates = new Candidates(database);
    this.#times = new TimeSpans(database);
    this.#documents = documents;
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
  }

  /** Returns ids of messages in the range, newest first. */
  step(scope: Scope, filter: MessageFilter, within: Range, limit: number): IdStep {
    const resolved = this.#resolve(scope, filter);
    if (resolved === null) return { ids: [], next: null };
    const { narrowing, search, since, until } = resolved;
    const range = this.#times.narrow(within, since, until);
    const end = performance.now() + STEP_MS;
    const ids: number[] = [];
    let { below } = range;
    if (below <= range.above + 1) return { ids, next: null };
    const source = this.#sourceOf(resolved, range);
    let size = limit + 1;
    let texts = 0;
    do {
      const found = source.find({ ...range, below }, size);
      for (const id of this.#candidates.matching(found.ids, narrowing, resolved, source.holds)) {
        // The page is full, and there is something more to look at.
        if (ids.length === limit) return { ids, next: below };
        if (search.length > 0 && ++texts > LEAST_TEXTS && performance.now() > end)
          return { ids, next: below };
        if (this.#holds(search, id)) ids.push(id);
        below = id;
      }
      below = found.from;
      if (below <= range.above + 1) return { ids, next: null };
      size = Math.min(size * GROWTH, MOST_CANDIDATES);
    } while (ids.length < limit && performance.now() < end);
    return { ids, next: below };
  }

  /** Returns those of some ids, newest first, that match. */
  among(scope: Scope, filter: MessageFilter, ids: readonly number[]): number[] {
    const resolved = this.#resolve(scope, filter);
    if (resolved === null || ids.length === 0) return [];
    const { narrowing, search } = resolved;
    return this.#candidates.matching(ids, narrowing, resolved).filter((id) => this.#holds(search, id));
  }

  #sourceOf(resolved: Narrowed, range: Range): Source {
    const { narrowing, search } = resolved;
    const others = (): Source => this.#candidates.sparsest(narrowing, resolved, range, []);
    const indexed = search.length === 0 ? null : (this.#index?.source(search, others) ?? null);
    return indexed === null ? others() : this.#candidates.sparsest(narrowing, resolved, range, [indexed]);
  }

  #holds(search: Search, id: number): boolean {
    if (search.length === 0) return true;
    const document = this.#documents.find(id);
    return document !== null && matches(search, document);
  }

  #resolve(scope: Scope, filter: MessageFilter): Narrowed | null {
    const named = filter.domains?.flatMap((name) => {
      const row = this.#domainId.get(name) as { id: number } | undefined;
      return row === undefined ? [] : [row.id];
    });
    return narrowed(scope, filter, named ?? null);
  }
}
