import type { Mail, Page, PageRequest, Position } from '../../store/mail.js';
import type { MessageId, Scope } from '../../store/port.js';
import type { MessageSummary } from '../../store/stored-message.js';

/** Milliseconds between two looks of one waiting request, so that a busy server is not asked after each message. */
const BETWEEN_LOOKS = 100;

/**
 * Collects one page. The store does bounded work in each call, so it may take several.
 *
 * @param time milliseconds after which the page is returned as it is
 */
export async function collectPage(
  mail: Pick<Mail, 'page'>,
  scope: Scope,
  request: PageRequest,
  time: number,
): Promise<Page> {
  const end = performance.now() + time;
  const messages: MessageSummary[] = [];
  let next: Position | null = null;
  let latest: MessageId | null | undefined;
  let before = request.before;
  do {
    const limit = request.limit - messages.length;
    const page = await mail.page(scope, { ...request, ...(before === undefined ? {} : { before }), limit });
    messages.push(...page.messages);
    next = page.next;
    // That of the first look: what was stored between two looks may be missing in the page.
    if (latest === undefined) latest = page.latest;
    before = page.next ?? undefined;
  } while (next !== null && messages.length < request.limit && performance.now() < end);
  return { messages, next, latest: latest ?? null };
}

/**
 * Returns what `look` returns once that is a page with messages, or once the time is over or the signal is aborted.
 *
 * @param wait milliseconds
 */
export async function waitForPage(
  mail: Pick<Mail, 'watch'>,
  scope: Scope,
  look: () => Promise<Page>,
  wait: number,
  signal: AbortSignal,
): Promise<Page> {
  const news = new News();
  // Before the first look, so that nothing is missed between the two.
  const end = mail.watch(scope, { changed: () => news.come(), missed: () => news.come() });
  const until = performance.now() + wait;
  try {
    for (;;) {
      news.forget();
      const page = await look();
      if (page.messages.length > 0 || signal.aborted || performance.now() >= until) return page;
      await pause(Math.min(BETWEEN_LOOKS, until - performance.now()), signal);
      await news.wait(until - performance.now(), signal);
    }
  } finally {
    end();
  }
}

/** Whether something has happened since it was last forgotten. */
class News {
  #here = false;
  #waiting: (() => void) | null = null;

  come(): void {
    this.#here = true;
    this.#waiting?.();
  }

  forget(): void {
    this.#here = false;
  }

  async wait(time: number, signal: AbortSignal): Promise<void> {
    if (this.#here) return;
    const waiting = new AbortController();
    this.#waiting = () => waiting.abort();
    await pause(time, AbortSignal.any([signal, waiting.signal]));
    this.#waiting = null;
  }
}

/** Resolves after a time in milliseconds, or when the signal is aborted. */
function pause(time: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || time <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, time);
    signal.addEventListener('abort', done);
  });
}
