import './messages-page.css';
import type { VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { problemOf, Refusal } from '../api/refusal.js';
import { Icon } from '../parts/icon.js';
import { Notice } from '../parts/notice.js';
import { countText } from '../parts/sizes.js';
import { toast } from '../parts/toasts.js';
import { go, query } from '../router/location.js';
import { type KeyMap, useKeys } from '../shell/keys.js';
import { useTitle } from '../shell/title.js';
import { BulkBar } from './bulk-bar.js';
import { type CurrentList, listOf, remember } from './current-list.js';
import { filterQuery, filterUrl, isFiltered } from './filter.js';
import { FilterBar } from './filter-bar.js';
import { FirstMessage } from './first-message.js';
import { keepLive } from './live-list.js';
import { MessageTable } from './message-table.js';
import { type Operation, OPERATIONS } from './operations.js';
import { change } from './pending.js';
import { SearchBox } from './search-box.js';

/** The list of messages: live, searched and filtered by its URL. */
export function MessagesPage(): VNode {
  useTitle('Messages');
  const shown = listOf(query.value);
  const { list, selection } = shown;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    remember(shown);
    void list.load();
    return keepLive(list);
  }, [list]);
  const keys = useMemo(() => keysOf(shown, () => input.current?.focus()), [shown]);
  useKeys('Messages', keys);
  useEffect(() => {
    // The key of the search was pressed on another page.
    if (!new URLSearchParams(query.peek()).has('focus')) return;
    go(shown.url, { replace: true });
    input.current?.focus();
  }, []);

  const arrived = list.arrived.value.length;
  return (
    <div class="messages fills">
      <header class="messages-head">
        <div class="messages-title">
          <h1>Messages</h1>
          <SearchBox
            value={list.filter.search}
            input={input}
            problem={searchProblem(list.problem.value)}
            onSearch={(search) => go(filterUrl({ ...list.filter, search }), { replace: true })}
          />
        </div>
        <FilterBar filter={list.filter} onChange={(filter) => go(filterUrl(filter))} />
        <BulkBar
          selection={selection}
          loaded={list.rows.value.length}
          more={list.next.value !== null}
          onOperation={(operation) => operate(shown, operation)}
        />
      </header>
      {arrived > 0 && (
        <button type="button" class="arrived" onClick={() => showArrived(shown)}>
          <Icon name="up" />
          {countText(arrived)} new
        </button>
      )}
      <Rows shown={shown} />
    </div>
  );
}

/** The rows, or what stands in their place. */
function Rows({ shown: { list, selection, current } }: { readonly shown: CurrentList }): VNode {
  const { value: problem } = list.problem;
  if (list.rows.value.length > 0) {
    return <MessageTable key={list} list={list} selection={selection} current={current} />;
  }
  if (list.state.value === 'loading') return <LoadingRows />;
  if (searchProblem(problem) !== null) {
    return (
      <div class="nothing-found">
        <h2>The search cannot be read</h2>
        <p class="soft">Correct it above: nothing was searched.</p>
        <a class="button" href="/messages">
          Show all messages
        </a>
      </div>
    );
  }
  if (problem !== null) {
    return (
      <div class="messages-problem">
        <Notice kind="bad" title={problemOf(problem)}>
          <button type="button" class="button" onClick={() => void list.load()}>
            Try again
          </button>
        </Notice>
      </div>
    );
  }
  if (!isFiltered(list.filter)) return <FirstMessage />;
  return (
    <div class="nothing-found">
      <h2>No message matches</h2>
      <p class="soft">New messages that match will appear here by themselves.</p>
      <a class="button" href="/messages">
        Show all messages
      </a>
    </div>
  );
}

function LoadingRows(): VNode {
  return (
    <div class="loading-rows" role="status">
      <span class="unseen">Messages are being loaded</span>
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index} />
      ))}
    </div>
  );
}

function keysOf(shown: CurrentList, search: () => void): KeyMap {
  const { selection } = shown;
  const operations = Object.entries(OPERATIONS).flatMap(([operation, { name, key }]) =>
    key === null ? [] : [[key, { label: name, run: () => operate(shown, operation as Operation) }] as const],
  );
  return {
    // The frame's list of keys has it already.
    '/': { run: search },
    Escape: { label: 'Take the marks away', run: () => selection.clear() },
    ...Object.fromEntries(operations),
  };
}

/** Changes the marked messages; without a mark, the one where the keys stand. */
function operate({ list, selection, current }: CurrentList, operation: Operation): void {
  const { value: all } = selection.all;
  const { value: at } = current;
  const ids = selection.isEmpty.value && at !== null ? [at] : [...selection.ids.value];
  if (!all && ids.length === 0) {
    toast({ text: 'Mark messages first, or go to one with j and k' });
    return;
  }
  const states = new Map(list.rows.value.map(({ id, status }) => [id, status]));
  change({
    operation,
    states: all ? [] : ids.map((id) => states.get(id)),
    selection: all ? { filter: filterQuery(list.filter) } : { ids },
    count: all ? null : ids.length,
    after: () => void list.load(),
  });
  selection.clear();
}

function showArrived({ list }: CurrentList): void {
  list.scrolled = 0;
  list.showArrived();
  document.querySelector('.message-table')?.scrollTo(0, 0);
}

/** Returns what is wrong with the search; null if the problem is another one. */
function searchProblem(problem: unknown): string | null {
  return problem instanceof Refusal && problem.body.code === 'invalid_search' ? problem.body.error : null;
}
