import type { MessagePage } from '../../api/schemas/messages.js';
import { Refusal } from '../api/refusal.js';
import { request } from '../api/request.js';
import { filterQuery } from './filter.js';
import type { MessageList } from './message-list.js';

/** How long the server holds a request back until something comes. */
const WAIT = '25s';
/** Least time between two requests, in milliseconds: however much mail comes, the page stays responsive. */
const BETWEEN = 400;
/** Time before the next request after one that failed, in milliseconds. */
const AFTER_FAILURE = 2_000;
/** Arrivals of one request. If there are more, the list begins anew. */
const LIMIT = 200;

/** Adds what comes in to a list, until the signal is aborted. */
export async function followArrivals(list: MessageList, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const after = list.newest;
      const { messages, next } = await request<MessagePage>('GET', '/api/v1/messages', {
        query: {
          ...filterQuery(list.filter),
          wait: WAIT,
          limit: LIMIT,
          ...(after === 0 ? {} : { after }),
        },
        signal,
      });
      if (next !== null && list.atTop) await list.load();
      else list.add(messages);
      await pause(BETWEEN, signal);
    } catch (error) {
      if (error instanceof Refusal && error.status < 429) return;
      await pause(AFTER_FAILURE, signal);
    }
  }
}

/** Resolves after a time in milliseconds, or when the signal is aborted. */
export function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, time);
    signal.addEventListener('abort', done);
  });
}
