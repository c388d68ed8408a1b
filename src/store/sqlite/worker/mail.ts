/** SQL for messages within a scope: pages of a filter, one message, its content. */
import { STORE } from '../../limits.js';
import type { MessageRecord, Page, PageRequest } from '../../mail.js';
import type { MessageSummary, Scope, Status } from '../../port.js';
import type { ReportKind } from '../../queue.js';
import type { MessageFilter, Search, Selection } from '../../search.js';
import { headerValuesOf, matches, type SearchDocument, termsOfFilter } from '../../search-text.js';
import { originOf } from '../../columns/origin.js';
import { Candidates, type Narrowing } from './candidates.js';
import type { Database } from './database.js';
import type { Reading } from './reading.js';
import type { WebhookCallTable } from './webhook-calls.js';

/** Messages that one step looks at; fewer if their text must be read. A page goes on in the next step. */
const STEP_MESSAGES = 2000;
const STEP_TEXTS = 300;

interface FilterRow {
  readonly id: number;
  readonly domainId: number;
  readonly status: Status;
  readonly receivedAt: number;
  readonly from: string;
  readonly reversePath: string;
  readonly subject: string | null;
  readonly tags: string | null;
  readonly messageId: string | null;
}

/** A filter with names resolved, within a scope. */
export interface Resolved {
  readonly narrowing: Narrowing;
  readonly filter: MessageFilter;
  readonly search: Search;
  readonly readsText: boolean;
}

/** A part of the ids that match, and where to go on. */
export interface IdStep {
  readonly ids: number[];
  readonly next: number | null;
}

export class MailTable {
  readonly #reading: Reading;
  readonly #calls: WebhookCallTable;
  readonly #candidates: Candidates;
  readonly #domainId;
  readonly #row;
  readonly #recipients;
  readonly #owner;
  readonly #owed;
  readonly #origin;

  constructor(database: Database, reading: Reading, calls: WebhookCallTable) {
    this.#reading = reading;
    this.#calls = calls;
    this.#candidates = new Candidates(database);
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
    this.#row = database.prepare(`
      SELECT id, domain_id AS domainId, status, received_at AS receivedAt, header_from AS "from",
        reverse_path AS reversePath, subject, tags, header_message_id AS messageId
      FROM message WHERE id = ?`);
    this.#recipients = database.prepare(
      'SELECT forward_path AS forwardPath FROM recipient WHERE message_id = ? ORDER BY position',
    );
    this.#owner = database.prepare('SELECT domain_id AS domainId FROM message WHERE id = ?');
    this.#origin = database.prepare('SELECT origin FROM message WHERE id = ?');
    this.#owed = database.prepare(
      'SELECT position, kind AS report FROM owed_report WHERE message_id = ? ORDER BY position',
    );
  }

  page(scope: Scope, { filter, before, newerThan, limit }: PageRequest): Page {
    const resolved = this.#resolve(scope, filter);
    if (resolved === null) return { messages: [], next: null };
    const range = { below: before ?? Number.MAX_SAFE_INTEGER, above: newerThan ?? 0 };
    const { ids, next } = this.#step(resolved, range, Math.min(limit, STORE.page.initial));
    return { messages: ids.flatMap((id) => this.#summary(id)), next };
  }

  /** Returns ids of a selection below `before`, newest first, with bounded work. */
  select(scope: Scope, selection: Selection, before: number | undefined, limit: number): IdStep {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    if (selection.ids === undefined) {
      const resolved = this.#resolve(scope, selection.filter);
      return resolved === null ? { ids: [], next: null } : this.#step(resolved, { below, above: 0 }, limit);
    }
    const asked = [...new Set(selection.ids)].filter((id) => id < below).sort((a, b) => b - a);
    const part = asked.slice(0, limit);
    return {
      ids: part.filter((id) => this.isIn(scope, id)),
      next: asked.length > limit ? (part.at(-1) ?? null) : null,
    };
  }

  isIn(scope: Scope, id: number): boolean {
    const domainId = this.ownerOf(id);
    return domainId !== null && (scope === 'all' || scope.domainId === domainId);
  }

  /** The id of the message's domain; null if there is no such message. */
  ownerOf(id: number): number | null {
    return (this.#owner.get(id) as { domainId: number } | undefined)?.domainId ?? null;
  }

  record(scope: Scope, id: number): MessageRecord | null {
    const domainId = this.ownerOf(id);
    const detail = this.isIn(scope, id) ? this.#reading.message(id) : null;
    if (detail === null || domainId === null) return null;
    return {
      ...detail,
      domainId,
      origin: originOf((this.#origin.get(id) as { origin: string | null }).origin),
      owed: this.#owed.all(id) as { position: number; report: ReportKind }[],
      calls: this.#calls.list(scope, { message: id, limit: STORE.callsOfMessage.initial }),
    };
  }

  content(scope: Scope, id: number, sequence: number): Uint8Array | null {
    return this.isIn(scope, id) ? this.#reading.content(id, sequence) : null;
  }

  headerSection(scope: Scope, id: number): Uint8Array | null {
    return this.isIn(scope, id) ? this.#headerSection(id) : null;
  }

  #summary(id: number): MessageSummary[] {
    const summary = this.#reading.summary(id);
    return summary === null ? [] : [summary];
  }

  /** Resolves names to ids; null if nothing can match. */
  #resolve(scope: Scope, filter: MessageFilter): Resolved | null {
    const named = filter.domains?.flatMap((name) => {
      const row = this.#domainId.get(name) as { id: number } | undefined;
      return row === undefined ? [] : [row.id];
    });
    let domainIds = named === undefined ? null : [...new Set(named)];
    if (scope !== 'all') {
      domainIds = domainIds === null || domainIds.includes(scope.domainId) ? [scope.domainId] : [];
    }
    if (domainIds?.length === 0 || filter.statuses?.length === 0) return null;
    const search = termsOfFilter(filter);
    const tag =
      filter.tags?.[0] ??
      search.flatMap((term) => (term.kind === 'tag' && !term.negated ? [term.tag] : []))[0];
    const statuses = filter.statuses === undefined ? null : [...new Set(filter.statuses)];
    return {
      narrowing: { domainIds, statuses, tag: tag ?? null },
      filter,
      search,
      readsText: search.some(({ kind }) => !['tag', 'status', 'before', 'after'].includes(kind)),
    };
  }

  #step(resolved: Resolved, range: { below: number; above: number }, limit: number): IdStep {
    const most = resolved.readsText ? STEP_TEXTS : STEP_MESSAGES;
    const ids: number[] = [];
    let { below } = range;
    for (let looked = 0; looked < most;) {
      const batch = Math.min(most - looked, looked === 0 ? limit + 1 : most);
      const found = this.#candidates.ids(resolved.narrowing, { ...range, below }, batch);
      for (const id of found) {
        // The page is full, and there is something more to look at.
        if (ids.length === limit) return { ids, next: below };
        if (this.#isWanted(resolved, id)) ids.push(id);
        below = id;
      }
      if (found.length < batch) return { ids, next: null };
      looked += found.length;
    }
    return { ids, next: below };
  }

  #isWanted({ narrowing, filter, search }: Resolved, id: number): boolean {
    const row = this.#row.get(id) as FilterRow | undefined;
    if (row === undefined) return false;
    if (narrowing.domainIds?.includes(row.domainId) === false) return false;
    if (narrowing.statuses?.includes(row.status) === false) return false;
    if (filter.since !== undefined && row.receivedAt < filter.since) return false;
    if (filter.until !== undefined && row.receivedAt >= filter.until) return false;
    const tags = row.tags === null ? [] : (JSON.parse(row.tags) as string[]);
    if (filter.tags?.every((tag) => tags.includes(tag)) === false) return false;
    return search.length === 0 || matches(search, this.#document(row, tags));
  }

  #document(row: FilterRow, tags: readonly string[]): SearchDocument {
    const recipients = this.#recipients.all(row.id) as { forwardPath: string }[];
    return {
      ...row,
      tags,
      to: recipients.map(({ forwardPath }) => forwardPath),
      headerValues: () => {
        const section = this.#headerSection(row.id);
        return section === null ? [] : headerValuesOf(Buffer.from(section).toString('utf8'));
      },
    };
  }

  /** The header section, also if it goes over several chunks. */
  #headerSection(id: number): Uint8Array | null {
    const most = STORE.headerSection.initial;
    let octets = Buffer.alloc(0);
    for (let sequence = 0; ; sequence++) {
      const chunk = this.#reading.content(id, sequence);
      if (chunk === null) return sequence === 0 ? null : octets.subarray(0, most);
      const from = Math.max(0, octets.length - 3);
      octets = Buffer.concat([octets, chunk.subarray(0, most + 4 - octets.length)]);
      if (octets[0] === 0x0d && octets[1] === 0x0a) return octets.subarray(0, 0);
      const end = octets.indexOf('\r\n\r\n', from);
      if (end >= 0) return octets.subarray(0, Math.min(end + 2, most));
      if (octets.length > most) return octets.subarray(0, most);
    }
  }
}
