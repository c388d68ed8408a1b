import { setTimeout as pause } from 'node:timers/promises';
import type { Mail, PageRequest, Position } from '../../store/mail.js';
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
/** Milliseconds after which a look is taken if the store does not say that something has come in. */
const LOOK_MS = 10_000;
const MOST_SEEN = COMMANDS.followedIds.initial;
/** Messages that one call reads from the store. */
const PAGE = 200;

/**
 * Finds messages that have been stored since it began, whatever their ids.
 *
 * Each look goes on from what was stored last at the look before the last one. What was found meanwhile comes again and is
 * left out: two nodes on one database that store at the same moment do not know which of them was first, so a look in
 * between may miss a message that the next one finds.
 */
export class Arrivals {
  /** In the order in which they were found. */
  readonly #seen = new Set<MessageId>();
  /** {@link Page.latest} of the last look. */
  #last: MessageId | null;

  private constructor(
    private readonly mail: Pick<Mail, 'page'>,
    private readonly filter: MessageFilter,
    /** {@link Page.latest} of the look before the last one. */
    private after: MessageId | null,
  ) {
    this.#last = after;
  }

  /** Begins: what is stored now is not new. */
  static async begin(mail: Pick<Mail, 'page'>, filter: MessageFilter): Promise<Arrivals> {
    const { latest } = await mail.page('all', { filter: {}, limit: 1 });
    return new Arrivals(mail, filter, latest);
  }

  /** Records messages that are shown already. */
  saw(messages: readonly MessageSummary[]): void {
    for (const { id } of messages) this.#seen.add(id);
    for (const id of this.#seen) {
      if (this.#seen.size <= MOST_SEEN) break;
      this.#seen.delete(id);
    }
  }

  /** Returns the messages that match and that no earlier look returned, oldest first. */
  async look(): Promise<readonly MessageSummary[]> {
    const found: MessageSummary[] = [];
    let request: PageRequest = {
      filter: this.filter,
      ...(this.after === null ? {} : { newerThan: this.after }),
      limit: PAGE,
    };
    // That of the first page: what is stored between two pages may be in neither.
    let latest: MessageId | null | undefined;
    for (let next: Position | null | undefined; next !== null;) {
      const page = await this.mail.page('all', request);
      latest ??= page.latest;
      found.push(...page.messages.filter(({ id }) => !this.#seen.has(id)));
      ({ next } = page);
      if (next !== null) request = { ...request, before: next };
    }
    this.saw(found);
    this.after = this.#last;
    this.#last = latest ?? null;
    return found.reverse();
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
  for (;;) {
    await news.wait(LOOK_MS, over);
    if (over.aborted) return;
    await print(await arrivals.look());
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
