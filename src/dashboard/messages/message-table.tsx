import './message-table.css';
import { useSignal, type Signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { VirtualRows } from '../parts/virtual-rows.js';
import { go } from '../router/location.js';
import { type KeyMap, useKeys } from '../shell/keys.js';
import { isNarrow } from '../shell/viewport.js';
import type { MessageList } from './message-list.js';
import { MessageRow } from './message-row.js';
import { pendingChanges } from './pending.js';
import type { Selection } from './selection.js';

const HEIGHT = 44;
const HEIGHT_NARROW = 76;

interface MessageTableProps {
  readonly list: MessageList;
  readonly selection: Selection;
  /** The id of the message where the keys stand; null if nowhere. */
  readonly current: Signal<number | null>;
}

/** The rows of the list, of which only those in sight are drawn. */
export function MessageTable({ list, selection, current }: MessageTableProps): VNode {
  const scroller = useRef<HTMLDivElement>(null);
  // A person who comes back from a message goes on where they were.
  const focusWanted = useSignal(current.peek() !== null);
  const { value: rows } = list.rows;
  const height = isNarrow.value ? HEIGHT_NARROW : HEIGHT;
  const order = useMemo(() => rows.map(({ id }) => id), [rows]);
  const at = current.value === null ? -1 : order.indexOf(current.value);
  // The first row can be reached by Tab if no other one has been.
  const kept = at === -1 ? 0 : at;
  const onEnd = useCallback(() => void list.loadMore(), [list]);

  useLayoutEffect(() => {
    const { current: element } = scroller;
    if (element === null) return;
    element.scrollTop = list.scrolled;
    const scrolled = (): void => {
      list.scrolled = element.scrollTop;
      list.atTop = element.scrollTop < HEIGHT / 2;
      if (list.atTop) list.showArrived();
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => element.removeEventListener('scroll', scrolled);
  }, [list]);

  useEffect(() => {
    if (!focusWanted.value || current.value === null) return;
    focusWanted.value = false;
    scroller.current
      ?.querySelector<HTMLElement>(`[data-message="${current.value}"]`)
      ?.focus({ preventScroll: true });
  });

  const keys = useMemo<KeyMap>(
    () => ({
      j: { label: 'Next message', run: () => move(1) },
      k: { label: 'Previous message', run: () => move(-1) },
      ArrowDown: { run: () => move(1) },
      ArrowUp: { run: () => move(-1) },
      o: { label: 'Open the message', run: () => open() },
      x: { label: 'Mark the message', run: () => mark() },
    }),
    [list, selection, order, height],
  );
  useKeys('Messages', keys);

  return (
    <div
      class="message-table"
      role="grid"
      aria-label="Messages"
      aria-rowcount={list.next.value === null ? rows.length + 1 : -1}
      aria-multiselectable
      ref={scroller}
    >
      <div class="message-head" role="rowgroup">
        <div role="row" aria-rowindex={1}>
          <span role="columnheader" class="cell-mark">
            <input
              type="checkbox"
              aria-label="Mark all loaded messages"
              checked={rows.length > 0 && order.every((id) => selection.has(id))}
              onClick={() => (selection.isEmpty.value ? selection.set(new Set(order)) : selection.clear())}
            />
          </span>
          <span role="columnheader">Status</span>
          <span role="columnheader" class="cell-from">
            From
          </span>
          <span role="columnheader">To</span>
          <span role="columnheader">Subject</span>
          <span role="columnheader" class="cell-tags">
            Tags
          </span>
          <span role="columnheader" class="cell-time">
            Received
          </span>
        </div>
      </div>
      <VirtualRows
        count={rows.length}
        height={height}
        scroller={scroller}
        kept={kept}
        onEnd={onEnd}
        row={(index) => {
          const message = rows[index];
          if (message === undefined) return null;
          return (
            <MessageRow
              key={message.id}
              message={message}
              index={index}
              height={height}
              current={index === kept}
              marked={selection.has(message.id)}
              pending={isPending(message.id)}
              onMark={(range) => selection.toggle(message.id, order, range)}
              onFocus={() => (current.value = message.id)}
            />
          );
        }}
      />
    </div>
  );

  function move(step: number): void {
    const from = current.peek() === null ? -1 : order.indexOf(current.peek() ?? 0);
    const to = Math.max(0, Math.min(order.length - 1, from + step));
    const id = order[to];
    if (id === undefined) return;
    current.value = id;
    focusWanted.value = true;
    show(to);
    if (to >= order.length - 5) void list.loadMore();
  }

  function show(index: number): void {
    const { current: element } = scroller;
    if (element === null) return;
    const head = element.querySelector<HTMLElement>('.message-head')?.offsetHeight ?? 0;
    const top = index * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height + head > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + height + head - element.clientHeight;
    }
  }

  function open(): void {
    if (current.peek() !== null) go(`/messages/${current.peek() ?? ''}`);
  }

  function mark(): void {
    const id = current.peek();
    if (id !== null) selection.toggle(id, order);
  }
}

function isPending(id: number): boolean {
  return [...pendingChanges.value].some(
    ({ selection }) => 'filter' in selection || selection.ids.includes(id),
  );
}
