import './queue-table.css';
import type { VNode } from 'preact';
import type { QueuePage } from '../../api/schemas/queue.js';
import { meaningOf } from '../message/reply-meaning.js';
import { StatusBadge } from '../parts/status-badge.js';
import { distance, due, fullTime } from '../parts/time.js';

type Waiting = QueuePage['waiting'][number];

interface QueueTableProps {
  readonly waiting: readonly Waiting[];
  readonly onOperation: (operation: 'retry' | 'cancel', id: number) => void;
}

/** One row for each recipient that waits. */
export function QueueTable({ waiting, onOperation }: QueueTableProps): VNode {
  return (
    <table class="table table-blocks queue-table">
      <thead>
        <tr>
          <th scope="col">To</th>
          <th scope="col">Why</th>
          <th scope="col">Next try</th>
          <th scope="col">Came in</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {waiting.map((one) => (
          <tr key={`${one.id} ${one.to}`}>
            <th scope="row">
              <a href={`/messages/${one.id}`}>{one.to}</a>
              <div class="soft small">from {one.domain}</div>
            </th>
            <td>
              <StatusBadge status={one.status} /> <Why one={one} />
            </td>
            <td class="brief" data-label="Next try" title={fullTime(one.nextAttemptAt)}>
              {one.underWay ? 'under way' : due(one.nextAttemptAt)}
            </td>
            <td class="brief" data-label="Came in" title={fullTime(one.receivedAt)}>
              {distance(one.receivedAt)}
            </td>
            <td class="actions">
              <button type="button" class="button" onClick={() => onOperation('retry', one.id)}>
                Retry
              </button>{' '}
              <button type="button" class="button" onClick={() => onOperation('cancel', one.id)}>
                Cancel
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Why({ one: { reply, remoteHost, attempts } }: { readonly one: Waiting }): VNode {
  if (reply === null) return <span class="soft">waits for its first try</span>;
  const meaning = meaningOf(reply);
  return (
    <>
      {remoteHost !== null && <span class="soft">{remoteHost}: </span>}
      <span class="mono">{reply}</span>
      <div class="soft small">
        {meaning} {attempts} {attempts === 1 ? 'try' : 'tries'}
      </div>
    </>
  );
}
