import type { Mail, Position } from '../../store/mail.js';
import type { MessageSummary } from '../../store/port.js';
import type { MessageFilter } from '../../store/search.js';

/** Messages that one call reads from the store. */
const PAGE = 200;

/**
 * Yields the messages that match, newest first, page by page.
 *
 * @param limit messages at most
 */
export async function* pages(
  mail: Pick<Mail, 'page'>,
  filter: MessageFilter,
  limit: number,
): AsyncGenerator<readonly MessageSummary[]> {
  let left = limit;
  let from: { readonly before?: Position } = {};
  while (left > 0) {
    const page = await mail.page('all', { filter, ...from, limit: Math.min(PAGE, left) });
    if (page.messages.length > 0) yield page.messages;
    left -= page.messages.length;
    if (page.next === null) return;
    from = { before: page.next };
  }
}
