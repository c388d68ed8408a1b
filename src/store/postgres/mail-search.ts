/** Finds the messages of a filter within a scope, newest first, with bounded work in each step. */
import { narrowed, type Narrowed, type Range } from '../narrowing.js';
import type { Scope } from '../port.js';
import type { MessageFilter } from '../search.js';
import { textArray } from './arrays.js';
import { type Found, holding, type Source, sourcesOf } from './candidate-sources.js';
import type { Connections } from './connections.js';
import { matchingOf } from './documents.js';
import { TextIndex } from './search/text-index.js';
import type { TimeSpans } from './time-spans.js';

/** Milliseconds after which a step ends once the candidates at hand are looked at. A page goes on in the next step. */
const STEP_MS = 30;
/** Texts that are read together. */
const TEXTS = 50;
/** Candidates that are looked at together: at first few more than the page needs, then more and more. */
const MOST_CANDIDATES = 1000;
const GROWTH = 4;
/** Candidates of each index that are compared to see which index is the sparsest. */
const SAMPLE = 32;

const DOMAIN_IDS = { name: 'domain_ids', text: 'SELECT id FROM domain WHERE name = ANY($1::text[])' };

/** A part of the ids that match, and where to go on. */
export interface IdStep {
  readonly ids: readonly number[];
  readonly next: number | null;
}

export class MailSearch {
  readonly #connections: Connections;
  readonly #times: TimeSpans;
  readonly #index: TextIndex;

  constructor(connections: Connections, times: TimeSpans) {
    this.#connections = connections;
    this.#times = times;
    this.#index = new TextIndex(connections);
  }

  /** Returns ids of messages in the range, newest first. */
  async step(scope: Scope, filter: MessageFilter, within: Range, limit: number): Promise<IdStep> {
    const asked = narrowed(scope, filter, await this.#domainIds(filter));
    if (asked === null) return { ids: [], next: null };
    const range = await this.#times.narrow(within, asked.since, asked.until);
    if (range.below <= range.above + 1) return { ids: [], next: null };
    const source = await this.#sparsest(asked, range);
    const end = performance.now() + STEP_MS;
    const ids: number[] = [];
    let { below } = range;
    let size = limit + 1;
    do {
      const found = await source.find({ ...range, below }, size);
      for (let at = 0; at < found.ids.length; at += TEXTS) {
        const part = found.ids.slice(at, at + TEXTS);
        const { search } = asked;
        const matching = search.length === 0 ? null : await matchingOf(this.#connections, part, search);
        for (const id of part) {
          // The page is full, and there is something more to look at.
          if (ids.length === limit) return { ids, next: below };
          if (matching?.has(id) !== false) ids.push(id);
          below = id;
        }
        const isLast = at + TEXTS >= found.ids.length;
        if (!isLast && matching !== null && performance.now() > end) return { ids, next: below };
      }
      below = found.from;
      if (below <= range.above + 1) return { ids, next: null };
      size = Math.min(size * GROWTH, MOST_CANDIDATES);
    } while (ids.length < limit && performance.now() < end);
    return { ids, next: below };
  }

  /** Returns those of some ids, newest first, that match. */
  async among(scope: Scope, filter: MessageFilter, ids: readonly number[]): Promise<readonly number[]> {
    const asked = narrowed(scope, filter, await this.#domainIds(filter));
    if (asked === null || ids.length === 0) return [];
    const found = await holding(this.#connections, asked, ids);
    if (asked.search.length === 0) return found;
    const matching = await matchingOf(this.#connections, found, asked.search);
    return found.filter((id) => matching.has(id));
  }

  /** Returns the source of which fewest candidates are to be looked at: the newest ones tell how dense it is. */
  async #sparsest(asked: Narrowed, range: Range): Promise<Source> {
    const sources = sourcesOf(this.#connections, asked);
    const [first] = sources;
    if (first === undefined) throw new Error('no source');
    const indexed = this.#index.source(asked, first);
    if (indexed !== null) sources.push(indexed);
    if (sources.length === 1) return first;
    const samples: { readonly source: Source; readonly found: Found }[] = [];
    for (const source of sources) samples.push({ source, found: await source.find(range, SAMPLE) });
    // Above the newest candidate of all there may be ids that no message has.
    const top = Math.max(...samples.map(({ found: { newest, from } }) => newest ?? from));
    const density = ({ looked, from }: Found) => (looked + 1) / (top - from + 1);
    return samples.reduce((best, sample) => (density(sample.found) < density(best.found) ? sample : best))
      .source;
  }

  async #domainIds({ domains }: MessageFilter): Promise<readonly number[] | null> {
    if (domains === undefined) return null;
    const { rows } = await this.#connections.run<{ id: number }>(DOMAIN_IDS, [textArray(domains)]);
    return rows.map(({ id }) => id);
  }
}
