import { signal, type ReadonlySignal } from '@preact/signals';
import type { SelectionBody } from '../../api/schemas/operations.js';
import type { MessageEntry } from '../../api/schemas/messages.js';
import { problemOf } from '../api/refusal.js';
import { plural } from '../parts/sizes.js';
import { toast } from '../parts/toasts.js';
import { type Operation, operate, OPERATIONS } from './operations.js';

/** How long an operation can be undone, in milliseconds. */
const UNDO_TIME = 6_000;

/** What cannot be taken back once it is done waits a little, so that a person can undo it. */
const WAITS: ReadonlySet<Operation> = new Set<Operation>(['cancel', 'delete']);

interface Change {
  readonly operation: Operation;
  readonly selection: SelectionBody;
  /** How many messages it is for; null if no one knows: all that match a filter. */
  readonly count: number | null;
  /** The states of the messages, as far as the page knows them. Default: none is known. */
  readonly states?: readonly (MessageEntry['status'] | undefined)[];
  /** Called when the server has done it. */
  readonly after: () => void;
}

const pending = signal<ReadonlySet<Change>>(new Set());

/** Changes that can still be undone. */
export const pendingChanges: ReadonlySignal<ReadonlySet<Change>> = pending;

/** Does something to messages: at once, or after a time in which it can be undone. */
export function change(wanted: Change): void {
  const { idle } = OPERATIONS[wanted.operation];
  const { states = [] } = wanted;
  if (states.length > 0 && states.every((state) => state !== undefined && idle.includes(state))) {
    // Time to undo something that does nothing would only put the answer off.
    return void toast({ ...resultOf(wanted.operation, 0, states.length), stays: 10_000 });
  }
  if (!WAITS.has(wanted.operation)) return void run(wanted);
  pending.value = new Set([...pending.peek(), wanted]);
  const { doing } = OPERATIONS[wanted.operation];
  const closeToast = toast({
    text: `${doing} ${subject(wanted.count)} …`,
    stays: UNDO_TIME,
    action: { name: 'Undo', run: undo },
  });
  const timer = setTimeout(finish, UNDO_TIME);
  addEventListener('pagehide', leave);

  function settle(): void {
    clearTimeout(timer);
    removeEventListener('pagehide', leave);
    pending.value = new Set([...pending.peek()].filter((each) => each !== wanted));
  }
  function undo(): void {
    settle();
    toast({ text: 'Undone: nothing was changed', stays: 3_000 });
  }
  function finish(): void {
    closeToast();
    void run(wanted).finally(settle);
  }
  // A person who leaves has not undone it.
  function leave(): void {
    settle();
    void operate(wanted.operation, wanted.selection, { keepalive: true });
  }
}

async function run({ operation, selection, after }: Change): Promise<void> {
  try {
    const { changed, unchanged } = await operate(operation, selection);
    toast({ ...resultOf(operation, changed, unchanged), stays: unchanged === 0 ? 4_000 : 10_000 });
    after();
  } catch (error) {
    toast({ text: problemOf(error), bad: true });
  }
}

/** Says what was done, and why it was not done to the rest. */
function resultOf(operation: Operation, changed: number, unchanged: number): { text: string; bad: boolean } {
  const { done, unchanged: reasons } = OPERATIONS[operation];
  const rest = `${subject(unchanged)} ${reasons[unchanged === 1 ? 0 : 1]}`;
  if (changed === 0) {
    return {
      text: unchanged === 0 ? 'No such message is there any more' : `Nothing was done: ${rest}`,
      bad: true,
    };
  }
  return { text: `${subject(changed)} ${done}${unchanged === 0 ? '' : `; ${rest}`}`, bad: false };
}

function subject(count: number | null): string {
  return count === null ? 'all that match' : plural(count, 'message');
}
