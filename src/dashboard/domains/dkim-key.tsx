import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { DkimKeyEntry, FindingEntry } from '../../api/schemas/dkim.js';
import { Badge } from '../parts/badge.js';
import { Notice } from '../parts/notice.js';
import { distance } from '../parts/time.js';
import { DnsRecord } from './dns-record.js';

interface DkimKeyProps {
  readonly entry: DkimKeyEntry;
  /** What receivers find of it; undefined if it was not looked up yet. */
  readonly finding: FindingEntry | undefined;
  readonly busy: boolean;
  /** Switches it on if its record is found. Resolves to what is wrong with the record; null if nothing is. */
  readonly onSwitchOn: () => Promise<string | null>;
  /** Switches it on or off, whatever receivers find. */
  readonly onSwitch: (active: boolean) => void;
  readonly onRemove: () => void;
}

/** One key: whether it signs, the record to publish, and the way to switch it on. */
export function DkimKey(props: DkimKeyProps): VNode {
  const { entry, finding, busy, onSwitchOn, onSwitch, onRemove } = props;
  const { selector, algorithm, active, createdAt, record } = entry;
  const wrong = useSignal<string | null>(null);
  const looking = useSignal(false);
  return (
    <li class="card">
      <div class="row">
        <span>
          <b class="mono">{selector}</b> <span class="soft">{algorithm}</span>
        </span>
        <Badge kind={active ? 'good' : 'quiet'} open={!active}>
          {active ? 'Signs' : 'Does not sign'}
        </Badge>
        <span class="soft">made {distance(createdAt)}</span>
        {active ? (
          <button type="button" class="button" disabled={busy} onClick={() => onSwitch(false)}>
            Switch off
          </button>
        ) : (
          <button type="button" class="button" disabled={busy} onClick={() => void switchOn()}>
            {looking.value ? 'Looking its record up …' : 'Switch on'}
          </button>
        )}
        <button type="button" class="button button-bad" disabled={busy} onClick={onRemove}>
          Remove
        </button>
      </div>
      {!active && wrong.value === null && finding?.ok !== true && (
        <p class="soft">
          Publish the record below first. “Switch on” looks it up, and mail is signed once it is found.
        </p>
      )}
      {!active && finding?.ok === true && <p class="soft">Its record is published: it can be switched on.</p>}
      {!active && wrong.value !== null && (
        <Notice kind="warning" title={`It is not switched on: ${wrong.value}`}>
          <p>
            Receivers could not check a signature with this key. A new record may take an hour to be seen
            everywhere.
          </p>
          <button type="button" class="button" disabled={busy} onClick={() => onSwitch(true)}>
            Switch on anyway
          </button>
        </Notice>
      )}
      <details open={finding === undefined ? !active : !finding.ok}>
        <summary>The record to publish</summary>
        <DnsRecord record={record} />
      </details>
    </li>
  );

  async function switchOn(): Promise<void> {
    looking.value = true;
    wrong.value = await onSwitchOn();
    looking.value = false;
  }
}
