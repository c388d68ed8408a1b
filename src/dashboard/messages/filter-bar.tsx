import './filter-bar.css';
import type { VNode } from 'preact';
import { Icon } from '../parts/icon.js';
import { STATUS_NAMES } from '../parts/status-badge.js';
import { type Filter, filterUrl, STATUSES } from './filter.js';

const SINCE: readonly (readonly [value: string, name: string])[] = [
  ['', 'Any time'],
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
];

const moment = new Intl.DateTimeFormat(undefined, {
  ...{ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false },
});

interface FilterBarProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

/** The states as tabs, the time, and a chip for each other condition. */
export function FilterBar({ filter, onChange }: FilterBarProps): VNode {
  const { status, since } = filter;
  const [only] = status.length === 1 ? status : [];
  const times = SINCE.some(([value]) => value === since)
    ? SINCE
    : [...SINCE, [since, sinceText(since)] as const];
  return (
    <div class="filters">
      <nav class="status-tabs" aria-label="States">
        <a
          href={filterUrl({ ...filter, status: [] })}
          aria-current={status.length === 0 ? 'true' : undefined}
        >
          All
        </a>
        {STATUSES.map((each) => (
          <a
            key={each}
            href={filterUrl({ ...filter, status: [each] })}
            aria-current={only === each ? 'true' : undefined}
          >
            {STATUS_NAMES[each]}
          </a>
        ))}
      </nav>
      <div class="chips">
        {chipsOf(filter).map(({ name, without }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-label={`Remove the condition ${name}`}
            onClick={() => onChange(without)}
          >
            {name}
            <Icon name="close" />
          </button>
        ))}
        <select
          class="input input-small time-choice"
          aria-label="Received"
          value={since}
          onChange={(event) => onChange({ ...filter, since: event.currentTarget.value })}
        >
          {times.map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

/** A time that a link gave: a page of numbers gives the beginning of what it counts. */
function sinceText(since: string): string {
  const time = Date.parse(since);
  return `Since ${Number.isNaN(time) ? since : moment.format(time)}`;
}

/** The conditions that have no control of their own. */
function chipsOf(filter: Filter): { readonly name: string; readonly without: Filter }[] {
  const { status, tag, domain, notifications, until } = filter;
  const drop = (list: readonly string[], value: string): string[] => list.filter((each) => each !== value);
  return [
    ...(status.length < 2
      ? []
      : status.map((each) => ({
          name: `status: ${each}`,
          without: { ...filter, status: drop(status, each) },
        }))),
    ...tag.map((each) => ({ name: `tag: ${each}`, without: { ...filter, tag: drop(tag, each) } })),
    ...domain.map((each) => ({
      name: `domain: ${each}`,
      without: { ...filter, domain: drop(domain, each) },
    })),
    ...(notifications === ''
      ? []
      : [
          {
            name: notifications === 'none' ? 'without notifications' : 'notifications only',
            without: { ...filter, notifications: '' },
          },
        ]),
    ...(until === '' ? [] : [{ name: `before: ${until}`, without: { ...filter, until: '' } }]),
  ];
}
