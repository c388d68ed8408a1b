/** Gives up what waits of a domain that is removed, in the same way on every adapter. */
import type { Mail, OperationStep, Position } from './mail.js';

/** Cancels all messages of a domain that wait or are held, in bounded steps. Returns their number. */
export async function cancelMessagesOf(mail: Mail, domainId: number, now: number): Promise<number> {
  const selection = { filter: { statuses: ['queued', 'deferred', 'held'] } } as const;
  let cancelled = 0;
  for (let before: Position | null = Number.MAX_SAFE_INTEGER; before !== null;) {
    const request = { operation: 'cancel', selection, before, now } as const;
    const step: OperationStep = await mail.operate({ domainId }, request);
    cancelled += step.changed.length;
    before = step.next;
  }
  return cancelled;
}
