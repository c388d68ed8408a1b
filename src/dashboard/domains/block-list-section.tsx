import './block-list.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { BlockEntryBody, BlockListPage } from '../../api/schemas/block-list.js';
import { request } from '../api/request.js';
import { Badge } from '../parts/badge.js';
import { Loaded } from '../parts/loaded.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { plural } from '../parts/sizes.js';
import { useSubmit } from '../parts/submit.js';
import { fullTime, Time } from '../parts/time.js';
import { toast } from '../parts/toasts.js';
import { AddToBlockList } from './add-to-block-list.js';
import { domainPath } from './domain-api.js';

type Verdict = BlockEntryBody['verdict'];

/** Recipients that a domain does not send to, and those that are never blocked. */
export function BlockListSection({ name }: { readonly name: string }): VNode {
  const contains = useSignal('');
  const verdict = useSignal<Verdict | ''>('');
  const marked = useSignal<ReadonlySet<string>>(new Set());
  const { busy, problem, run } = useSubmit();
  const load = (after: string | undefined, signal?: AbortSignal): Promise<BlockListPage> =>
    request<BlockListPage>('GET', domainPath(name, '/block-list'), {
      query: {
        contains: contains.peek().trim() || undefined,
        verdict: verdict.peek() || undefined,
        after,
        limit: 100,
      },
      ...(signal === undefined ? {} : { signal }),
    });
  const list = useResource(JSON.stringify([name, contains.value, verdict.value]), (signal) =>
    load(undefined, signal),
  );
  return (
    <div class="section">
      <p class="soft">
        A recipient that does not exist, by the word of its server, is blocked by itself: no more mail goes to
        it, until it is removed from this list. An allowed recipient is never blocked.
      </p>
      <AddToBlockList name={name} onAdded={() => void list.reload()} />
      <div class="row">
        <input
          class="input input-search"
          type="search"
          aria-label="Find an address"
          placeholder="Find an address"
          value={contains.value}
          onInput={(event) => (contains.value = event.currentTarget.value)}
        />
        <select
          class="input input-small"
          aria-label="Which entries"
          value={verdict.value}
          onChange={(event) => (verdict.value = event.currentTarget.value as Verdict | '')}
        >
          <option value="">All</option>
          <option value="blocked">Blocked</option>
          <option value="allowed">Allowed</option>
        </select>
        <button
          type="button"
          class="button button-bad"
          disabled={busy || marked.value.size === 0}
          onClick={() => void remove([...marked.value])}
        >
          Remove {marked.value.size === 0 ? 'marked' : plural(marked.value.size, 'address', 'addresses')}
        </button>
      </div>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <Loaded from={list}>
        {({ entries, next }) =>
          entries.length === 0 ? (
            <p class="soft">No address{contains.value === '' ? '' : ' matches'}.</p>
          ) : (
            <>
              <Entries entries={entries} marked={marked.value} onMark={mark} />
              {next !== null && (
                <button type="button" class="button" onClick={() => void more(entries, next)}>
                  Show more
                </button>
              )}
            </>
          )
        }
      </Loaded>
    </div>
  );

  function mark(address: string): void {
    const next = new Set(marked.peek());
    if (!next.delete(address)) next.add(address);
    marked.value = next;
  }

  async function more(entries: readonly BlockEntryBody[], after: string): Promise<void> {
    await run(async () => {
      const page = await load(after);
      list.set({ ...page, entries: [...entries, ...page.entries] });
    });
  }

  async function remove(addresses: readonly string[]): Promise<void> {
    const removed = await run(async () => {
      await request('POST', domainPath(name, '/block-list/remove'), { body: { addresses } });
    });
    if (!removed) return;
    marked.value = new Set();
    toast({
      text: `${plural(addresses.length, 'address', 'addresses')} removed`,
    });
    void list.reload();
  }
}

function Entries(props: {
  readonly entries: readonly BlockEntryBody[];
  readonly marked: ReadonlySet<string>;
  readonly onMark: (address: string) => void;
}): VNode {
  const { entries, marked, onMark } = props;
  return (
    <table class="table table-blocks block-list">
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">Mark</span>
          </th>
          <th scope="col">Address</th>
          <th scope="col">Verdict</th>
          <th scope="col">Reason</th>
          <th scope="col">Since</th>
          <th scope="col">Until</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ address, verdict, reason, since, expiresAt }) => (
          <tr key={address}>
            <td>
              <input
                type="checkbox"
                aria-label={`Mark ${address}`}
                checked={marked.has(address)}
                onChange={() => onMark(address)}
              />
            </td>
            <th scope="row">{address}</th>
            <td>
              <Badge kind={verdict === 'blocked' ? 'bad' : 'good'}>
                {verdict === 'blocked' ? 'Blocked' : 'Allowed'}
              </Badge>
            </td>
            <td class="soft">{reason}</td>
            <td class="soft" data-label="Since">
              <Time at={since} />
            </td>
            <td class="soft" data-label="Until">
              {expiresAt === null ? 'it is removed' : fullTime(expiresAt)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
