import './bulk-bar.css';
import type { VNode } from 'preact';
import { Icon, type IconName } from '../parts/icon.js';
import { countText, plural } from '../parts/sizes.js';
import { type Operation, OPERATIONS } from './operations.js';
import type { Selection } from './selection.js';

const ICONS: Readonly<Record<Operation, IconName>> = {
  retry: 'retry',
  release: 'send',
  cancel: 'stop',
  delete: 'trash',
};

interface BulkBarProps {
  readonly selection: Selection;
  readonly loaded: number;
  /** Whether more messages match than are loaded. */
  readonly more: boolean;
  readonly onOperation: (operation: Operation) => void;
}

/** The actions on the marked messages. */
export function BulkBar({ selection, loaded, more, onOperation }: BulkBarProps): VNode | null {
  if (selection.isEmpty.value) return null;
  const { size } = selection.ids.value;
  const all = selection.all.value;
  return (
    <div class="bulk" role="toolbar" aria-label="Marked messages">
      <span class="bulk-count">{all ? 'All that match' : `${plural(size, 'message')} marked`}</span>
      {!all && more && size >= loaded && (
        <button type="button" class="button button-plain" onClick={() => selection.setAll()}>
          Mark all that match, not only these {countText(loaded)}
        </button>
      )}
      <span class="bulk-actions">
        {(Object.keys(OPERATIONS) as Operation[]).map((operation) => (
          <button key={operation} type="button" class="button" onClick={() => onOperation(operation)}>
            <Icon name={ICONS[operation]} />
            {OPERATIONS[operation].name}
          </button>
        ))}
        <button
          type="button"
          class="button button-plain button-icon"
          aria-label="Take the marks away"
          onClick={() => selection.clear()}
        >
          <Icon name="close" />
        </button>
      </span>
    </div>
  );
}
