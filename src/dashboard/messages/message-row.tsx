import type { VNode } from 'preact';
import type { MessageEntry } from '../../api/schemas/messages.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { filterUrl } from './filter.js';

interface MessageRowProps {
  readonly message: MessageEntry;
  readonly index: number;
  readonly height: number;
  /** Whether the keys `j` and `k` stand here. */
  readonly current: boolean;
  readonly marked: boolean;
  /** A change is about to be made to it, which can still be undone. */
  readonly pending: boolean;
  readonly onMark: (range: boolean) => void;
  readonly onFocus: () => void;
}

/** One message of the list. */
export function MessageRow(props: MessageRowProps): VNode {
  const { message, index, height, current, marked, pending, onMark, onFocus } = props;
  const { id, status, to, recipients, from, subject, tags, domain, receivedAt } = message;
  const more = recipients - 1;
  const title = subject === null || subject.trim() === '' ? '(no subject)' : subject;
  return (
    <div
      class="message-row"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={marked}
      data-current={current}
      data-pending={pending}
      style={{ height: `${height}px`, transform: `translateY(${index * height}px)` }}
    >
      <span role="gridcell" class="cell-mark">
        <input
          type="checkbox"
          aria-label={`Mark ${title}`}
          checked={marked}
          tabIndex={current ? 0 : -1}
          onClick={(event) => onMark(event.shiftKey)}
        />
      </span>
      <span role="gridcell" class="cell-status">
        <StatusBadge status={status} />
      </span>
      <span role="gridcell" class="cell-from soft" title={`${from}, of ${domain}`}>
        {from}
      </span>
      <span role="gridcell" class="cell-to" title={`${from} → ${to.join(', ')}`}>
        {to[0] ?? '(no recipient)'}
        {more > 0 && <span class="soft"> +{more}</span>}
      </span>
      <span role="gridcell" class="cell-subject">
        <a
          href={`/messages/${id}`}
          data-message={id}
          tabIndex={current ? 0 : -1}
          onFocus={onFocus}
          class={subject === null ? 'soft' : undefined}
        >
          {title}
        </a>
      </span>
      <span role="gridcell" class="cell-tags">
        {tags.map((tag) => (
          <a
            key={tag}
            class="tag"
            href={filterUrl({ tag: [tag] })}
            tabIndex={-1}
            title={`Messages tagged ${tag}`}
          >
            {tag}
          </a>
        ))}
      </span>
      <span role="gridcell" class="cell-time soft">
        <Time at={receivedAt} />
      </span>
    </div>
  );
}
