import { lastList } from '../messages/current-list.js';

interface Neighbours {
  /** The id of the message that stands above in the list; null if it is the first one. */
  readonly before: number | null;
  readonly next: number | null;
}

/** Returns the messages beside this one in the list that the person came from. */
export function useNeighbours(id: number): Neighbours {
  const shown = lastList.value;
  const rows = shown?.list.rows.value ?? [];
  const at = rows.findIndex((row) => row.id === id);
  if (at === -1) return { before: null, next: null };
  if (at >= rows.length - 5) void shown?.list.loadMore();
  if (shown !== null) shown.current.value = id;
  return { before: rows[at - 1]?.id ?? null, next: rows[at + 1]?.id ?? null };
}
