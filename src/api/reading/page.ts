/** One page of a list that goes on after a key, such as a name. */
export interface KeyedPage<Item> {
  readonly items: readonly Item[];
  /** The key that the next page begins after; null at the end. */
  readonly next: string | null;
}

/**
 * Reads one page. One item more than asked for says whether there is another page.
 *
 * @param read returns so many items at most
 */
export async function readPage<Item>(
  limit: number,
  read: (limit: number) => Promise<readonly Item[]>,
  keyOf: (item: Item) => string,
): Promise<KeyedPage<Item>> {
  const found = await read(limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? keyOf(last) : null };
}

/** Items that are read at a time to find those that match: one or two milliseconds of the event loop. */
const STEP = 1000;

/**
 * Reads one page of the items that match. Each step of it is bounded, and so is all of it: a page may have fewer items
 * than asked for, even none, although there are more.
 *
 * @param read returns at most so many items after a key; from the beginning, if the key is undefined
 * @param time milliseconds after which the page is returned as it is
 */
export async function readMatching<Item>(
  {
    limit,
    after,
    time,
  }: { readonly limit: number; readonly after: string | undefined; readonly time: number },
  read: (after: string | undefined, limit: number) => Promise<readonly Item[]>,
  matches: (item: Item) => boolean,
  keyOf: (item: Item) => string,
): Promise<KeyedPage<Item>> {
  const end = performance.now() + time;
  const items: Item[] = [];
  let from = after;
  do {
    const found = await read(from, STEP);
    for (const item of found) {
      if (matches(item)) items.push(item);
      from = keyOf(item);
      if (items.length === limit) return { items, next: from };
    }
    if (found.length < STEP) return { items, next: null };
  } while (performance.now() < end);
  return { items, next: from ?? null };
}
