import type { OperationResult, SelectionBody } from '../../api/schemas/operations.js';
import type { MessageEntry } from '../../api/schemas/messages.js';
import { request } from '../api/request.js';

export type Operation = 'retry' | 'release' | 'cancel' | 'delete';

interface OperationWords {
  /** On a button. */
  readonly name: string;
  /** While it waits: `Cancelling 3 messages`. */
  readonly doing: string;
  /** Afterwards: `3 messages cancelled`. */
  readonly done: string;
  /** Why it did nothing to some, after their number: `2 messages still wait …`. For one, and for several. */
  readonly unchanged: readonly [one: string, several: string];
  /** The key that does it. */
  readonly key: string | null;
  /** The states of messages that it does nothing to. */
  readonly idle: readonly MessageEntry['status'][];
}

const ENDED = ['delivered', 'bounced', 'cancelled'] as const;

export const OPERATIONS: Readonly<Record<Operation, OperationWords>> = {
  retry: {
    ...{ name: 'Retry now', doing: 'Retrying', done: 'will be tried now', key: 'r' },
    unchanged: ['does not wait for another try', 'do not wait for another try'],
    idle: [...ENDED, 'held'],
  },
  release: {
    ...{ name: 'Release', doing: 'Releasing', done: 'released', key: 'l' },
    unchanged: ['is not held', 'are not held'],
    idle: ENDED,
  },
  cancel: {
    ...{ name: 'Cancel', doing: 'Cancelling', done: 'cancelled', key: 'c' },
    unchanged: ['neither waits nor is held', 'neither wait nor are held'],
    idle: ENDED,
  },
  delete: {
    ...{ name: 'Delete', doing: 'Deleting', done: 'deleted', key: '#' },
    unchanged: ['still waits or is held: cancel it first', 'still wait or are held: cancel them first'],
    idle: ['queued', 'deferred', 'held'],
  },
};

/** Does something to several messages: repeats the request until the server says that all is done. */
export async function operate(
  operation: Operation,
  selection: SelectionBody,
  { keepalive = false }: { readonly keepalive?: boolean } = {},
): Promise<{ changed: number; unchanged: number }> {
  const sum = { changed: 0, unchanged: 0 };
  let cursor: string | null = null;
  do {
    const result: OperationResult = await request<OperationResult>('POST', `/api/v1/messages/${operation}`, {
      body: cursor === null ? selection : { ...selection, cursor },
      keepalive,
    });
    sum.changed += result.changed;
    sum.unchanged += result.unchanged;
    cursor = result.next;
  } while (cursor !== null);
  return sum;
}
