import type { Mail, Position } from '../../store/mail.js';
import type { MessageId, Scope } from '../../store/port.js';
import type { Selection } from '../../store/search.js';

/** One message of a selection. */
interface Selected {
  /** Null if this step of the search found none. */
  readonly id: MessageId | null;
  /** Where to go on after it; null at the end. */
  readonly next: Position | null;
}

/**
 * Yields the messages of a selection one by one, newest first for a filter, so that the caller may stop after any and
 * go on later. Messages that come in meanwhile are not among them.
 *
 * @param from {@link Selected.next} of the last one
 */
export async function* oneByOne(
  mail: Pick<Mail, 'page'>,
  scope: Scope,
  selection: Selection,
  from: Position | undefined,
): AsyncGenerator<Selected> {
  if (selection.ids !== undefined) {
    // The position is how many are done.
    for (let at = from ?? 0; at < selection.ids.length; at++) {
      yield { id: selection.ids[at] ?? null, next: at + 1 < selection.ids.length ? at + 1 : null };
    }
    return;
  }
  let before = from;
  do {
    const request = { filter: selection.filter, limit: 1, ...(before === undefined ? {} : { before }) };
    const { messages, next } = await mail.page(scope, request);
    yield { id: messages[0]?.id ?? null, next };
    before = next ?? undefined;
  } while (before !== undefined);
}
