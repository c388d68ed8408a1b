import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { QueuePage as Queue } from '../../api/schemas/queue.js';
import { queryOf, request } from '../api/request.js';
import { DomainChoice } from '../charts/domain-choice.js';
import { listen } from '../live/stream.js';
import { Throttle } from '../live/throttle.js';
import { filterUrl } from '../messages/filter.js';
import { change } from '../messages/pending.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { countText } from '../parts/sizes.js';
import { distance } from '../parts/time.js';
import { go, query } from '../router/location.js';
import { useTitle } from '../shell/title.js';
import { QueueTable } from './queue-table.js';

const PAGE = 50;
const BETWEEN = 2_000;

/** Shows the messages that wait to be delivered, oldest first, and why. */
export function QueuePage(): VNode {
  useTitle('Queue');
  const domain = new URLSearchParams(query.value).get('domain') ?? '';
  const load = (after: string | undefined, signal?: AbortSignal): Promise<Queue> =>
    request<Queue>('GET', '/api/v1/queue', {
      query: { domain: domain || undefined, after, limit: PAGE },
      ...(signal === undefined ? {} : { signal }),
    });
  const queue = useResource(domain, (signal) => load(undefined, signal));
  useEffect(() => {
    const reload = new Throttle(() => queue.reload(), BETWEEN);
    const stop = listen({ changed: () => reload.call(), missed: () => reload.call() });
    return () => {
      stop();
      reload.end();
    };
  }, [domain]);
  const operate = (operation: 'retry' | 'cancel', ids: number[] | null): void =>
    change({
      operation,
      selection:
        ids === null
          ? { filter: { status: ['queued', 'deferred'], ...(domain === '' ? {} : { domain: [domain] }) } }
          : { ids },
      count: ids?.length ?? null,
      after: () => void queue.reload(),
    });

  return (
    <div class="page">
      <header class="page-head">
        <h1>Queue</h1>
        <DomainChoice
          domain={domain}
          onChange={(chosen) => go(`/queue${queryOf({ domain: chosen || undefined })}`, { replace: true })}
        />
        <button
          type="button"
          class="button"
          disabled={queue.value?.waiting.length === 0}
          onClick={() => operate('retry', null)}
        >
          <Icon name="retry" />
          Retry all now
        </button>
      </header>
      <Loaded from={queue}>
        {(page) => (
          <>
            <p>
              <Counts queue={page} domain={domain} />
            </p>
            {page.waiting.length === 0 ? (
              <p class="soft">
                Nothing waits. Mail that cannot be delivered at once appears here, with the reason.
                {page.messages.held > 0 && ' What is held is not tried until it is released.'}
              </p>
            ) : (
              <QueueTable waiting={page.waiting} onOperation={(operation, id) => operate(operation, [id])} />
            )}
            {page.next !== null && (
              <div>
                <button type="button" class="button" onClick={() => void more(page)}>
                  Show more
                </button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </div>
  );

  async function more(page: Queue): Promise<void> {
    const next = await load(page.next ?? undefined).catch(() => null);
    if (next !== null) queue.set({ ...next, waiting: [...page.waiting, ...next.waiting] });
  }
}

function Counts({ queue, domain }: { readonly queue: Queue; readonly domain: string }): VNode {
  const { messages, oldest } = queue;
  const domains = domain === '' ? [] : [domain];
  return (
    <>
      <a href={filterUrl({ status: ['queued'], domain: domains })}>{countText(messages.queued)} queued</a>,{' '}
      <a href={filterUrl({ status: ['deferred'], domain: domains })}>
        {countText(messages.deferred)} deferred
      </a>
      {messages.held > 0 && (
        <>
          , <a href={filterUrl({ status: ['held'], domain: domains })}>{countText(messages.held)} held</a>
        </>
      )}
      {oldest !== null && <span class="soft"> · the oldest came in {distance(oldest)}</span>}
    </>
  );
}
