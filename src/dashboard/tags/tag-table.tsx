import type { VNode } from 'preact';
import { deliveryTimeText, shareText } from '../charts/formats.js';
import { Icon } from '../parts/icon.js';
import { countText } from '../parts/sizes.js';
import type { TagEntry } from './tag-statistics.js';

/** The name that the server gives to the tags that it counts together. */
const OTHER = ',other';

interface Column {
  readonly title: string;
  /** Null stands last in any order. */
  readonly value: (entry: TagEntry) => number | null;
  readonly format: (value: number) => string;
}

/** Volume and bounce rate come first: a phone shows these two, and the rest on the way to the right. */
const COLUMNS = {
  messages: { title: 'Messages', value: ({ accepted }) => accepted, format: countText },
  bounceRate: { title: 'Bounce rate', value: (entry) => entry.bounceRate, format: shareText },
  bounced: { title: 'Bounced', value: ({ bounced }) => bounced, format: countText },
  deliveryRate: { title: 'Delivery rate', value: (entry) => entry.deliveryRate, format: shareText },
  delivered: { title: 'Delivered', value: ({ delivered }) => delivered, format: countText },
  p50: { title: 'Median time', value: ({ timeToDelivery }) => timeToDelivery.p50, format: deliveryTimeText },
  p95: { title: '95 % within', value: ({ timeToDelivery }) => timeToDelivery.p95, format: deliveryTimeText },
} as const satisfies Readonly<Record<string, Column>>;

export type SortKey = keyof typeof COLUMNS;

export function sortNamed(name: string | null): SortKey {
  return name !== null && Object.hasOwn(COLUMNS, name) ? (name as SortKey) : 'messages';
}

/** Returns the tags with the largest value first. */
export function sorted(tags: readonly TagEntry[], by: SortKey): TagEntry[] {
  const { value }: Column = COLUMNS[by];
  return [...tags].sort((a, b) => (value(b) ?? -1) - (value(a) ?? -1) || a.tag.localeCompare(b.tag));
}

interface TagTableProps {
  readonly tags: readonly TagEntry[];
  /** Returns the address of the messages that the numbers of a tag count. */
  readonly listOf: (tag: string) => string;
  readonly sort: SortKey;
  readonly compared: readonly string[];
  /** No further tag can be compared. */
  readonly full: boolean;
  readonly onSort: (by: SortKey) => void;
  readonly onCompare: (tag: string, chosen: boolean) => void;
}

/** All tags with their numbers; a click on a heading puts the largest first. */
export function TagTable({ tags, listOf, sort, compared, full, onSort, onCompare }: TagTableProps): VNode {
  return (
    <div class="table-scroll">
      <table class="table tags-table">
        <thead>
          <tr>
            <th scope="col">
              <span class="unseen">Compare</span>
            </th>
            <th scope="col">Tag</th>
            {(Object.keys(COLUMNS) as SortKey[]).map((key) => (
              <th key={key} scope="col" class="number" aria-sort={key === sort ? 'descending' : undefined}>
                <button type="button" onClick={() => onSort(key)}>
                  {COLUMNS[key].title}
                  {key === sort && <Icon name="down" />}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted(tags, sort).map((entry) => (
            <tr key={entry.tag}>
              <td>
                <input
                  type="checkbox"
                  aria-label={`Compare ${entry.tag}`}
                  checked={compared.includes(entry.tag)}
                  disabled={full && !compared.includes(entry.tag)}
                  onChange={(event) => onCompare(entry.tag, event.currentTarget.checked)}
                />
              </td>
              <th scope="row">
                {entry.tag === OTHER ? 'all others' : <a href={listOf(entry.tag)}>{entry.tag}</a>}
              </th>
              {(Object.keys(COLUMNS) as SortKey[]).map((key) => (
                <td key={key} class="number">
                  {cellText(COLUMNS[key], entry)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellText({ value, format }: Column, entry: TagEntry): string {
  const number = value(entry);
  return number === null ? '–' : format(number);
}
