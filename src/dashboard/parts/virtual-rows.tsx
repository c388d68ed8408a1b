import './virtual-rows.css';
import { useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject, VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Rows beyond the visible ones that are drawn, on each side. */
const MARGIN = 8;

interface VirtualRowsProps {
  readonly count: number;
  /** Pixels; all rows have the same height. */
  readonly height: number;
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLElement | null>;
  /** A row that is drawn wherever it is: the focus is in it. -1: none. */
  readonly kept: number;
  readonly row: (index: number) => ComponentChildren;
  /** Called when the last rows come near. */
  readonly onEnd: () => void;
}

/**
 * Draws the rows that can be seen and a few more:
 *
 *     ┌ the scroller ─────────┐
 *     │  (empty: first rows)  │   each row stands at index × height,
 *     ├───────────────────────┤   in a box that is count × height high
 *     │  rows that are drawn  │
 *     ├───────────────────────┤
 *     │  (empty: last rows)   │
 *     └───────────────────────┘
 */
export function VirtualRows({ count, height, scroller, kept, row, onEnd }: VirtualRowsProps): VNode {
  const first = useSignal(0);
  const last = useSignal(40);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      const top = Math.floor(element.scrollTop / height);
      first.value = Math.max(0, top - MARGIN);
      last.value = top + Math.ceil(element.clientHeight / height) + MARGIN;
      if (last.value >= count) onEnd();
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      resized.disconnect();
    };
  }, [count, height, onEnd]);

  const shown: number[] = [];
  if (kept >= 0 && kept < Math.min(first.value, count)) shown.push(kept);
  for (let index = first.value; index < Math.min(last.value, count); index++) shown.push(index);
  if (kept >= last.value && kept < count) shown.push(kept);
  return (
    <div class="virtual-rows" role="rowgroup" style={{ height: `${count * height}px` }}>
      {shown.map(row)}
    </div>
  );
}
