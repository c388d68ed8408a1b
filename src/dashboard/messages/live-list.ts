import type { MessageChange } from '../../api/schemas/events.js';
import type { MessagePage } from '../../api/schemas/messages.js';
import { request } from '../api/request.js';
import { listen } from '../live/stream.js';
import { Throttle } from '../live/throttle.js';
import { filterQuery, isFiltered } from './filter.js';
import type { MessageList } from './message-list.js';

/** Least time between two requests, in milliseconds: however much mail comes, the page stays responsive. */
const BETWEEN = 400;
/** Arrivals of one request. If there are more, the list begins anew. */
const LIMIT = 200;

/** Keeps a list as it is at the server: arrivals, new states, removals. Returns the function that ends it. */
export function keepLive(list: MessageList): () => void {
  const arrivals = new Throttle(() => addArrivals(list), BETWEEN);
  const reload = new Throttle(() => list.load(), BETWEEN);
  const stop = listen({
    changed: (changes) => {
      list.apply(changes);
      if (changes.some(({ kind }) => kind === 'accepted')) arrivals.call();
      // A message that did not match may match now. The list begins anew only if that moves nothing under the reader.
      if (list.atTop && changes.some((change) => mayMatchNow(list, change))) reload.call();
    },
    missed: () => {
      if (list.atTop) reload.call();
      else arrivals.call();
    },
  });
  return () => {
    stop();
    arrivals.end();
    reload.end();
  };
}

function mayMatchNow(list: MessageList, { id, kind, status }: MessageChange): boolean {
  if (kind === 'accepted' || kind === 'removed') return false;
  if (list.has(id)) return status === null;
  const { status: wanted, tag, search } = list.filter;
  if (!isFiltered(list.filter)) return false;
  if (kind === 'tags') return tag.length > 0 || search !== '';
  return (status !== null && wanted.includes(status)) || search.includes('is:');
}

async function addArrivals(list: MessageList): Promise<void> {
  if (list.newest === 0) return list.load();
  try {
    const { messages, next } = await request<MessagePage>('GET', '/api/v1/messages', {
      query: { ...filterQuery(list.filter), limit: LIMIT, after: list.newest },
    });
    if (next !== null && list.atTop) await list.load();
    else list.add(messages);
  } catch {
    // The stream says when the server is back, and the list is read again then.
  }
}
