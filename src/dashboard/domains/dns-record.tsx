import type { VNode } from 'preact';
import type { DkimKeyEntry } from '../../api/schemas/dkim.js';
import { CodeBlock } from '../parts/code-block.js';

/** A TXT record to publish. */
export function DnsRecord({ record }: { readonly record: DkimKeyEntry['record'] }): VNode {
  const { name, type, value } = record;
  return (
    <dl class="dns-record">
      <dt>Name</dt>
      <dd>
        <CodeBlock code={name} what={`the name of the record ${name}`} />
      </dd>
      <dt>Type</dt>
      <dd class="mono">{type}</dd>
      <dt>Value</dt>
      <dd>
        <CodeBlock code={value} what={`the value of the record ${name}`} />
      </dd>
    </dl>
  );
}
