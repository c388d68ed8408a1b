import type { Mail, Operation, Position } from '../../store/mail.js';
import type { MessageId, Scope } from '../../store/port.js';
import type { Selection } from '../../store/search.js';

/** The sum of several steps of an operation. */
interface Changes {
  readonly changed: readonly MessageId[];
  readonly unchanged: number;
  /** Where to go on; null if all is done. */
  readonly next: Position | null;
}

/**
 * Does an operation step by step, until it is done or the time is over.
 *
 * @param time milliseconds
 */
export async function change(
  mail: Pick<Mail, 'operate'>,
  scope: Scope,
  request: {
    readonly operation: Operation;
    readonly selection: Selection;
    readonly before?: Position;
    readonly now: number;
  },
  time: number,
): Promise<Changes> {
  const end = performance.now() + time;
  const changed: MessageId[] = [];
  let unchanged = 0;
  let before = request.before;
  for (;;) {
    const step = await mail.operate(scope, { ...request, ...(before === undefined ? {} : { before }) });
    changed.push(...step.changed);
    unchanged += step.unchanged;
    if (step.next === null || performance.now() >= end) return { changed, unchanged, next: step.next };
    before = step.next;
  }
}
