import './dns-section.css';
import type { VNode } from 'preact';
import type { DkimKeysBody, FindingEntry, FindingsBody } from '../../api/schemas/dkim.js';
import { request } from '../api/request.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { useSubmit } from '../parts/submit.js';
import { DkimKeys } from './dkim-keys.js';
import { domainPath } from './domain-api.js';
import { Finding } from './finding.js';

/** The DNS records that make receivers trust the mail of a domain, looked up as they are now. */
export function DnsSection({ name }: { readonly name: string }): VNode {
  const keys = useResource(`keys ${name}`, (signal) =>
    request<DkimKeysBody>('GET', domainPath(name, '/dkim'), { signal }),
  );
  const check = useResource(`check ${name}`, (signal) =>
    request<FindingsBody>('GET', domainPath(name, '/verify'), { signal }),
  );
  const { busy, problem, run } = useSubmit();
  return (
    <div class="section">
      <div class="section-head">
        <h2>What receivers see</h2>
        <button type="button" class="button" disabled={check.loading} onClick={() => void check.reload()}>
          <Icon name="retry" />
          {check.loading ? 'Looking up …' : 'Check again'}
        </button>
      </div>
      <Loaded from={check}>
        {({ ok, findings }) => (
          <>
            {ok && <p class="all-good">All records are as they should be.</p>}
            <ul class="findings" aria-busy={check.loading}>
              {findings.map((finding) => (
                <Finding
                  key={`${finding.check} ${finding.name}`}
                  finding={finding}
                  hint={hintOf(finding, keys.value?.keys.length === 0)}
                />
              ))}
            </ul>
          </>
        )}
      </Loaded>
      <div class="section-head">
        <h2>DKIM keys</h2>
        <button type="button" class="button" disabled={busy} onClick={() => void makeKeys()}>
          <Icon name="plus" />
          Make keys
        </button>
      </div>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <Loaded from={keys}>
        {({ keys: made }) =>
          made.length === 0 ? (
            <p class="soft">
              Mail of this domain is not signed. Make keys, publish their records and switch them on: then
              receivers can tell that the mail is yours.
            </p>
          ) : (
            <DkimKeys
              name={name}
              keys={made}
              findings={check.value?.findings ?? null}
              onChange={changed}
              onChecked={check.set}
            />
          )
        }
      </Loaded>
    </div>
  );

  function changed(): void {
    void keys.reload();
    void check.reload();
  }

  /** They are off: receivers could not check a signature whose key is not published yet. */
  async function makeKeys(): Promise<void> {
    const made = await run(async () => {
      await request('POST', domainPath(name, '/dkim'), { body: { active: false } });
    });
    if (made) changed();
  }
}

function hintOf({ check, ok }: FindingEntry, noKey: boolean): string | null {
  if (check !== 'dkim' || ok) return null;
  return noKey
    ? 'Make keys below, publish their records, and then switch them on.'
    : 'The record to publish is with the key below.';
}
