import type { VNode } from 'preact';
import type { DkimKeyEntry } from '../../api/schemas/dkim.js';
import { request } from '../api/request.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { distance } from '../parts/time.js';
import { DnsRecord } from './dns-record.js';
import { domainPath } from './domain-api.js';

interface DkimKeysProps {
  readonly name: string;
  readonly keys: readonly DkimKeyEntry[];
  readonly onChange: () => void;
}

/** The keys that mail is signed with. A new one is switched on after its record is published. */
export function DkimKeys({ name, keys, onChange }: DkimKeysProps): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <ul class="findings">
        {keys.map(({ selector, algorithm, active, createdAt, record }) => (
          <li key={selector} class="card">
            <div class="row">
              <span>
                <b class="mono">{selector}</b> <span class="soft">{algorithm}</span>
              </span>
              <span class="soft">
                {active ? 'signs' : 'does not sign'}, made {distance(createdAt)}
              </span>
              <button
                type="button"
                class="button"
                disabled={busy}
                onClick={() => void change('PATCH', selector, { active: !active })}
              >
                {active ? 'Switch off' : 'Switch on'}
              </button>
              <button
                type="button"
                class="button button-bad"
                disabled={busy}
                onClick={() => void change('DELETE', selector)}
              >
                Remove
              </button>
            </div>
            <details>
              <summary>The record to publish</summary>
              <DnsRecord record={record} />
            </details>
          </li>
        ))}
      </ul>
    </>
  );

  async function change(method: 'PATCH' | 'DELETE', selector: string, body?: object): Promise<void> {
    const path = domainPath(name, `/dkim/${encodeURIComponent(selector)}`);
    if (await run(async () => await request(method, path, { body }))) onChange();
  }
}
