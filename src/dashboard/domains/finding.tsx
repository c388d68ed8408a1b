import type { VNode } from 'preact';
import type { FindingEntry } from '../../api/schemas/dkim.js';
import { Icon } from '../parts/icon.js';
import { DnsRecord } from './dns-record.js';

const NAMES: Readonly<Record<FindingEntry['check'], string>> = {
  dkim: 'DKIM',
  spf: 'SPF',
  dmarc: 'DMARC',
  'mta-sts': 'MTA-STS',
};

const STATES = {
  good: { icon: 'check', words: 'is right' },
  bad: { icon: 'warning', words: 'is not right' },
  none: { icon: 'none', words: 'is not there, and not needed' },
} as const;

interface FindingProps {
  readonly finding: FindingEntry;
  /** What to do about it on this page; null: nothing. */
  readonly hint: string | null;
}

/** One record as it was looked up, and what to publish if it is missing. The record of a DKIM key stands with the key. */
export function Finding({ finding, hint }: FindingProps): VNode {
  const { check, name, ok, optional, says, record } = finding;
  const state = optional ? 'none' : ok ? 'good' : 'bad';
  const { icon, words } = STATES[state];
  return (
    <li class="card">
      <p class="finding-head" data-state={state}>
        <Icon name={icon} />
        <b>{NAMES[check]}</b>
        <span class="unseen">{words}</span>
        <span class="finding-name soft mono">{name}</span>
      </p>
      <p class="finding-says">
        {/[.!?]$/.test(says) ? says : `${says}.`}
        {hint !== null && ` ${hint}`}
      </p>
      {record !== null && check !== 'dkim' && <DnsRecord record={record} />}
    </li>
  );
}
