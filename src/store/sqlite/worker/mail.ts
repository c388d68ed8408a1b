/** SQL for messages within a scope: pages of a filter, one message, its content. */
import { STORE } from '../../limits.js';
import type { MessageRecord, Page, PageRequest } from '../../mail.js';
import type { MessageSummary, Scope } from '../../port.js';
import type { ReportKind } from '../../queue.js';
import type { Selection } from '../../search.js';
import { originOf } from '../../columns/origin.js';
import type { Database } from './database.js';
import { Documents } from './documents.js';
import { type IdStep, MailSearch, type TextSources } from './mail-search.js';
import type { Reading } from './reading.js';
import type { WebhookCallTable } from './webhook-calls.js';

export class MailTable {
  readonly #reading: Reading;
  readonly #calls: WebhookCallTable;
  readonly #documents: Documents;
  readonly #search: MailSearch;
  readonly #owner;
  readonly #owed;
  readonly #origin;

  /** @param index null if texts are searched without one */
  constructor(
    database: Database,
    reading: Reading,
    calls: WebhookCallTable,
    index: TextSources | null = null,
  ) {
    this.#reading = reading;
    this.#calls = calls;
    this.#documents = new Documents(database, (id, sequence) => reading.content(id, sequence));
    this.#search = new MailSearch(database, this.#documents, index);
    this.#owner = database.prepare('SELECT domain_id AS domainId FROM message WHERE id = ?');
    this.#origin = database.prepare('SELECT origin FROM message WHERE id = ?');
    this.#owed = database.prepare(
      'SELECT position, kind AS report FROM owed_report WHERE message_id = ? ORDER BY position',
    );
  }

  page(scope: Scope, { filter, before, newerThan, limit }: PageRequest): Page {
    const range = { below: before ?? Number.MAX_SAFE_INTEGER, above: newerThan ?? 0 };
    const { ids, next } = this.#search.step(scope, filter, range, Math.min(limit, STORE.page.initial));
    return { messages: ids.flatMap((id) => this.#summary(id)), next };
  }

  /** Returns ids of a selection below `before`, newest first, with bounded work. */
  select(scope: Scope, selection: Selection, before: number | undefined, limit: number): IdStep {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    if (selection.ids === undefined) {
      return this.#search.step(scope, selection.filter, { below, above: 0 }, limit);
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
    return this.isIn(scope, id) ? this.#documents.headerSection(id) : null;
  }

  #summary(id: number): MessageSummary[] {
    const summary = this.#reading.summary(id);
    return summary === null ? [] : [summary];
  }
}
