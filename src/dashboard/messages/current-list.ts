import { effect, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { who } from '../session/session.js';
import { filterUrl, parseFilter } from './filter.js';
import { MessageList } from './message-list.js';
import { Selection } from './selection.js';

export interface CurrentList {
  readonly list: MessageList;
  readonly selection: Selection;
  /** The id of the message where the keys stand; null if nowhere. */
  readonly current: Signal<number | null>;
  /** The address that shows it. */
  readonly url: string;
}

let shown: CurrentList | null = null;
const last = signal<CurrentList | null>(null);

/** The list that was shown last, so that the page of a message can lead back to it, and on to its neighbours. */
export const lastList: ReadonlySignal<CurrentList | null> = last;

/** Returns the list of a query. If it is the one that was shown last, it has its rows and its place still. */
export function listOf(query: string): CurrentList {
  const filter = parseFilter(query);
  const url = filterUrl(filter);
  if (shown?.url !== url) {
    shown = {
      list: new MessageList(filter),
      selection: new Selection(),
      current: signal(null as number | null),
      url,
    };
  }
  return shown;
}

/** Notes that a list is on screen. */
export function remember(list: CurrentList): void {
  last.value = list;
}

// A list belongs to the one who was signed in: the next person must not see it.
effect(() => {
  if (who.value !== null) return;
  shown = null;
  last.value = null;
});
