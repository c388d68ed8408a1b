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

/** One record as it was looked up, and what to publish if it is missing. */
export function Finding({ finding }: { readonly finding: FindingEntry }): VNode {
  const { check, name, ok, says, record } = finding;
  return (
    <li class="card">
      <p class="finding-head" data-ok={ok}>
        <Icon name={ok ? 'check' : 'warning'} />
        <b>{NAMES[check]}</b>
        <span class="unseen">{ok ? 'is right' : 'is not right'}</span>
        <span class="finding-name soft mono">{name}</span>
      </p>
      <p class="finding-says">{says}</p>
      {record !== null && <DnsRecord record={record} />}
    </li>
  );
}
