import { setTimeout as pause } from 'node:timers/promises';
import type { Mail } from '../../store/mail.js';
import type { MessageId, MessageSummary } from '../../store/port.js';
import type { MessageFilter } from '../../store/search.js';
import type { Output } from '../output.js';
import { COMMANDS } from '../limits.js';
import type { PipeReader } from '../pipe-reader.js';
import { stopSignal } from '../serve/signals.js';
import { pages } from './pages.js';

/** Milliseconds between two looks, so that a busy store is not read after each message. */
const BETWEEN_LOOKS_MS = 200;
/** Milliseconds between two looks for a reader that has gone away. */
const READER_MS = 1_000;
/**
 * A message has its id from its first octet on, and is stored after its last one. So one with a lower id may be stored
 * after one with a higher id. Each look goes back so many milliseconds for such messages, and now and then one goes back
 * further.
 */
const NEAR_MS = 5_000;
const FAR_MS = 10 * 60_000;
/** Milliseconds between two looks that go far back, at least; and how many times longer than such a look takes. */
const FAR_EVERY_MS = 10_000;
const FAR_SHARE = 20;
/** If there are more ids, looks go back less far. */
const MOST_SEEN = COMMANDS.followedIds.initial;
/** Messages before the first one that may not be stored yet. */
const FIRST_WINDOW = 200;

/** Finds messages that have come in since the last look. */
export class Arrivals {
  readonly #seen = new Set<MessageId>();
  /** The greatest id that was stored at a time, oldest first. The first one is as far as any look goes back. */
  #marks: { readonly at: number; readonly id: MessageId }[] = [];

  private constructor(
    private readonly mail: Pick<Mail, 'page'>,
    private readonly filter: MessageFilter,
    /** Milliseconds of a clock that never goes back. */
    private readonly clock: () => number,
  ) {}

  /** Begins: what is stored now is not new. */
  static async begin(
    mail: Pick<Mail, 'page'>,
    filter: MessageFilter,
    clock: () => number = () => performance.now(),
  ): Promise<Arrivals> {
    const arrivals = new Arrivals(mail, filter, clock);
    const stored: MessageId[] = [];
    for await (const page of pages(mail, {}, FIRST_WINDOW)) stored.push(...page.map(({ id }) => id));
    const first = stored.length < FIRST_WINDOW ? 0 : (stored.at(-1) ?? 0);
    arrivals.#marks = [{ at: -Infinity, id: first }];
    await arrivals.look(true);
    // What came in after the list was read is new.
    for (const id of arrivals.#seen) if (id > (stored[0] ?? 0)) arrivals.#seen.delete(id);
    return arrivals;
  }

  /** Records messages that are shown already. */
  saw(messages: readonly MessageSummary[]): void {
    for (const { id } of messages) this.#seen.add(id);
  }

  /**
   * Returns the messages that match and that no earlier look returned, oldest first.
   *
   * @param far whether to look for messages that began long ago
   */
  async look(far: boolean): Promise<readonly MessageSummary[]> {
    const now = this.clock();
    const newest = await this.#newest();
    const found: MessageSummary[] = [];
    const above = far ? (this.#marks[0]?.id ?? 0) : this.#markBefore(now - NEAR_MS);
    for await (const page of pages(this.mail, this.filter, Infinity, above === 0 ? null : above)) {
      found.push(...page.filter(({ id }) => !this.#seen.has(id)));
    }
    this.saw(found);
    if (newest !== this.#marks.at(-1)?.id) this.#marks.push({ at: now, id: newest });
    this.#forget(now);
    return found.reverse();
  }

  async #newest(): Promise<MessageId> {
    const { messages } = await this.mail.page('all', { filter: {}, limit: 1 });
    return messages[0]?.id ?? 0;
  }

  #markBefore(time: number): MessageId {
    return (this.#marks.filter(({ at }) => at <= time).at(-1) ?? this.#marks[0])?.id ?? 0;
  }

  #forget(now: number): void {
    const old = this.#marks.filter(({ at }) => at <= now - FAR_MS).length;
    if (old > 1) this.#marks.splice(0, old - 1);
    if (this.#seen.size > MOST_SEEN) {
      const ids = [...this.#seen].sort((a, b) => b - a);
      const least = ids[MOST_SEEN / 2] ?? 0;
      this.#marks = [{ at: -Infinity, id: least }, ...this.#marks.filter(({ id }) => id > least)];
    }
    const [{ id: least } = { id: 0 }] = this.#marks;
    for (const id of this.#seen) if (id <= least) this.#seen.delete(id);
  }
}

/**
 * Shows the newest messages that match, oldest first, and then each one that comes in, until SIGINT or SIGTERM, or until
 * the reader of the output goes away.
 *
 * @param count messages that are shown first
 */
export async function follow(
  mail: Pick<Mail, 'page' | 'watch'>,
  filter: MessageFilter,
  count: number,
  print: (messages: readonly MessageSummary[]) => Promise<void>,
  output: Pick<Output, 'reader'>,
): Promise<void> {
  const over = new AbortController();
  void stopSignal(over.signal).then(() => over.abort());
  // Before the first line: a reader such as head may end after it.
  const reader = await output.reader();
  void untilGone(reader, over.signal).then(() => over.abort());
  const news = new News();
  const unwatch = mail.watch('all', { changed: () => news.come(), missed: () => news.come() });
  try {
    const arrivals = await Arrivals.begin(mail, filter);
    const shown: MessageSummary[] = [];
    for await (const page of pages(mail, filter, count)) shown.push(...page);
    arrivals.saw(shown);
    await print(shown.reverse());
    await showArrivals(arrivals, news, print, over.signal);
  } finally {
    over.abort();
    unwatch();
  }
}

/** Resolves when the reader has gone away, if that can be known; in any case when the signal is aborted. */
async function untilGone(reader: PipeReader | null, over: AbortSignal): Promise<void> {
  do {
    await pause(READER_MS, undefined, { signal: over }).catch(() => undefined);
  } while (!over.aborted && (await reader?.isGone()) !== true);
}

async function showArrivals(
  arrivals: Arrivals,
  news: News,
  print: (messages: readonly MessageSummary[]) => Promise<void>,
  over: AbortSignal,
): Promise<void> {
  let nextFar = performance.now() + FAR_EVERY_MS;
  for (;;) {
    await news.wait(Math.max(0, nextFar - performance.now()), over);
    if (over.aborted) return;
    const began = performance.now();
    const far = began >= nextFar;
    await print(await arrivals.look(far));
    if (far) nextFar = began + Math.max(FAR_EVERY_MS, FAR_SHARE * (performance.now() - began));
    await pause(BETWEEN_LOOKS_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Whether something has happened since the last wait. */
class News {
  /** At first something may have happened. */
  #came = true;
  #waiting: AbortController | null = null;

  come(): void {
    this.#came = true;
    this.#waiting?.abort();
  }

  /** Resolves when something has happened, or after so many milliseconds, or when the signal is aborted. */
  async wait(milliseconds: number, over: AbortSignal): Promise<void> {
    if (!this.#came) {
      this.#waiting = new AbortController();
      const signal = AbortSignal.any([over, this.#waiting.signal]);
      await pause(milliseconds, undefined, { signal }).catch(() => undefined);
      this.#waiting = null;
    }
    this.#came = false;
  }
}
