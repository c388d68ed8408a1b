import { batch, signal, type ReadonlySignal } from '@preact/signals';
import type { MessageChange } from '../../api/schemas/events.js';
import type { MessageEntry, MessagePage } from '../../api/schemas/messages.js';
import { Refusal } from '../api/refusal.js';
import { request } from '../api/request.js';
import { type Filter, filterQuery } from './filter.js';

const PAGE = 50;
/** Rows from which on new messages make the list begin anew, so that a page that stays open all day stays small. */
const MOST_ROWS = 5_000;

/** The messages that match a filter, newest first: a window that grows downwards by pages and upwards by arrivals. */
export class MessageList {
  readonly #rows = signal<readonly MessageEntry[]>([]);
  readonly #arrived = signal<readonly MessageEntry[]>([]);
  readonly #state = signal<'loading' | 'ready'>('loading');
  readonly #problem = signal<unknown>(null);
  readonly #next = signal<string | null>(null);
  #loading: Promise<void> | null = null;

  readonly rows: ReadonlySignal<readonly MessageEntry[]> = this.#rows;
  /** Messages that came in since, and are not among the rows yet. */
  readonly arrived: ReadonlySignal<readonly MessageEntry[]> = this.#arrived;
  readonly state: ReadonlySignal<'loading' | 'ready'> = this.#state;
  /** Why the last page could not be had; null if it could. */
  readonly problem: ReadonlySignal<unknown> = this.#problem;
  /** Whether there are older messages than the last row. Not null: it is a cursor. */
  readonly next: ReadonlySignal<string | null> = this.#next;

  /** Whether arrivals go straight to the top, since no one would lose the place where they read. */
  atTop = true;
  /** Where the list was scrolled to, in pixels: it is shown there again when the person comes back. */
  scrolled = 0;

  constructor(readonly filter: Filter) {}

  /** The id of the newest message that is known; 0 if no message is known. */
  get newest(): number {
    return this.#arrived.peek()[0]?.id ?? this.#rows.peek()[0]?.id ?? 0;
  }

  /** Loads the first page, and forgets what was there. */
  async load(): Promise<void> {
    await this.#page(null, PAGE);
  }

  /** Loads the page after the last row, if there is one and it is not under way. */
  loadMore(): Promise<void> {
    const cursor = this.#next.peek();
    if (cursor === null) return Promise.resolve();
    this.#loading ??= this.#page(cursor, PAGE).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Takes in messages that came in, newest first. */
  add(messages: readonly MessageEntry[]): void {
    const newest = this.newest;
    const unknown = messages.filter(({ id }) => id > newest);
    if (unknown.length === 0) return;
    this.#arrived.value = [...unknown, ...this.#arrived.peek()];
    if (this.atTop) this.showArrived();
  }

  /** Puts what arrived on top of the rows. */
  showArrived(): void {
    const arrived = this.#arrived.peek();
    if (arrived.length === 0) return;
    if (this.#rows.peek().length + arrived.length > MOST_ROWS) return void this.load();
    batch(() => {
      this.#rows.value = [...arrived, ...this.#rows.peek()];
      this.#arrived.value = [];
    });
  }

  has(id: number): boolean {
    return this.#rows.peek().some((row) => row.id === id);
  }

  /** Takes over what happened to messages that are here: their states, and that they are gone. */
  apply(changes: readonly MessageChange[]): void {
    const states = new Map<number, MessageEntry['status']>();
    const removed = new Set<number>();
    for (const { id, kind, status } of changes) {
      if (kind === 'removed') removed.add(id);
      else if (status !== null) states.set(id, status);
    }
    if (removed.size > 0) this.remove(removed);
    for (const list of [this.#rows, this.#arrived]) {
      if (list.peek().some(({ id }) => states.has(id))) {
        list.value = list.peek().map((row) => ({ ...row, status: states.get(row.id) ?? row.status }));
      }
    }
  }

  /** Takes out messages that are there no more. */
  remove(ids: ReadonlySet<number>): void {
    batch(() => {
      for (const list of [this.#rows, this.#arrived]) {
        if (list.peek().some(({ id }) => ids.has(id)))
          list.value = list.peek().filter(({ id }) => !ids.has(id));
      }
    });
  }

  async #page(cursor: string | null, limit: number): Promise<void> {
    try {
      const page = await request<MessagePage>('GET', '/api/v1/messages', {
        query: { ...filterQuery(this.filter), limit, cursor: cursor ?? undefined },
      });
      batch(() => {
        this.#rows.value = cursor === null ? page.messages : [...this.#rows.peek(), ...page.messages];
        if (cursor === null) this.#arrived.value = [];
        this.#next.value = page.next;
        this.#problem.value = null;
      });
    } catch (error) {
      // The page before stays: it is better than nothing while the server is away.
      batch(() => {
        this.#problem.value = error;
        if (error instanceof Refusal) this.#next.value = null;
      });
    } finally {
      this.#state.value = 'ready';
    }
  }
}
