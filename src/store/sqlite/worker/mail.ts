/** SQL for messages within a scope: pages of a filter, one message, its content. */
import { STORE } from '../../limits.js';
import type { MessageRecord, Page, PageRequest } from '../../mail.js';
import type { MessageSummary, Scope } from '../../port.js';
import type { ReportKind } from '../../queue.js';
import type { MessageFilter, Selection } from '../../search.js';
import { originOf } from '../../columns/origin.js';
import { type Database, inSnapshot } from './database.js';
import { Documents } from './documents.js';
import { LateMessages } from './late-messages.js';
import { type IdStep, MailSearch, type TextSources } from './mail-search.js';
import type { Reading } from './reading.js';
import type { WebhookCallTable } from './webhook-calls.js';

const EVERYTHING = { below: Number.MAX_SAFE_INTEGER, above: 0 };

export class MailTable {
  readonly #database: Database;
  readonly #reading: Reading;
  readonly #calls: WebhookCallTable;
  readonly #documents: Documents;
  readonly #search: MailSearch;
  readonly #late: LateMessages;
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
    this.#database = database;
    this.#reading = reading;
    this.#calls = calls;
    this.#documents = new Documents(database, (id, sequence) => reading.content(id, sequence));
    this.#search = new MailSearch(database, this.#documents, index);
    this.#late = new LateMessages(database);
    this.#owner = database.prepare('SELECT domain_id AS domainId FROM message WHERE id = ?');
    this.#origin = database.prepare('SELECT origin FROM message WHERE id = ?');
    this.#owed = database.prepare(
      'SELECT position, kind AS report FROM owed_report WHERE message_id = ? ORDER BY position',
    );
  }

  /** Not within a transaction. */
  page(scope: Scope, { filter, before, newerThan, limit }: PageRequest): Page {
    const most = Math.min(limit, STORE.page.initial);
    const below = before ?? Number.MAX_SAFE_INTEGER;
    // Of one moment: a message that is stored in between would be in the page, and again in the one after `latest`.
    return inSnapshot(this.#database, () => {
      const latest = this.#latest(scope);
      const { ids, next } =
        newerThan === undefined
          ? this.#search.step(scope, filter, { below, above: 0 }, most)
          : this.#storedAfter(newerThan, scope, filter, below, most);
      return { messages: ids.flatMap((id) => this.#summary(id)), next, latest };
    });
  }

  /** Returns ids of messages that were stored after one: those with greater ids, then late ones. */
  #storedAfter(id: number, scope: Scope, filter: MessageFilter, below: number, limit: number): IdStep {
    const mark = this.#late.markOf(id);
    const step = this.#search.step(scope, filter, { below, above: mark.above }, limit);
    if (step.next !== null) return step;
    const room = limit - step.ids.length;
    const late = this.#late.after(mark, below, room + 1);
    const ids = [...step.ids, ...this.#search.among(scope, filter, late.slice(0, room))];
    return { ids, next: late.length > room ? (late[room - 1] ?? mark.above + 1) : null };
  }

  #latest(scope: Scope): number | null {
    const [newest = null] = this.#search.step(scope, {}, EVERYTHING, 1).ids;
    return this.#late.last(scope === 'all' ? null : scope.domainId, newest);
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
