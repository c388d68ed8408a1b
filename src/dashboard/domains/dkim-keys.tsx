import type { VNode } from 'preact';
import type { DkimKeyEntry, FindingEntry, FindingsBody } from '../../api/schemas/dkim.js';
import { request } from '../api/request.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { DkimKey } from './dkim-key.js';
import { domainPath } from './domain-api.js';

interface DkimKeysProps {
  readonly name: string;
  readonly keys: readonly DkimKeyEntry[];
  /** What receivers find now; null if it was not looked up yet. */
  readonly findings: readonly FindingEntry[] | null;
  readonly onChange: () => void;
  /** Called with what was looked up before a key is switched on. */
  readonly onChecked: (found: FindingsBody) => void;
}

/**
 * The keys that mail is signed with. A new one is switched on after its record is published: a signature with a key that
 * receivers do not find does not pass.
 */
export function DkimKeys({ name, keys, findings, onChange, onChecked }: DkimKeysProps): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <ul class="findings">
        {keys.map((key) => (
          <DkimKey
            key={key.selector}
            entry={key}
            finding={findingOf(key, findings)}
            busy={busy}
            onSwitchOn={() => switchOn(key)}
            onSwitch={(active) => void change('PATCH', key.selector, { active })}
            onRemove={() => void change('DELETE', key.selector)}
          />
        ))}
      </ul>
    </>
  );

  /** Looks the record up, and switches the key on if it is there. Resolves to what is wrong; null if nothing is. */
  async function switchOn(key: DkimKeyEntry): Promise<string | null> {
    const finding = await lookUp(key);
    if (finding?.ok === true) await change('PATCH', key.selector, { active: true });
    return finding === undefined || finding.ok ? null : finding.says;
  }

  /** Returns undefined if the look-up failed; the page then says why. */
  async function lookUp(key: DkimKeyEntry): Promise<FindingEntry | undefined> {
    const looked: { finding?: FindingEntry | undefined } = {};
    await run(async () => {
      const found = await request<FindingsBody>('GET', domainPath(name, '/verify'));
      onChecked(found);
      looked.finding = findingOf(key, found.findings);
    });
    return looked.finding;
  }

  async function change(method: 'PATCH' | 'DELETE', selector: string, body?: object): Promise<void> {
    const path = domainPath(name, `/dkim/${encodeURIComponent(selector)}`);
    if (await run(async () => await request(method, path, { body }))) onChange();
  }
}

function findingOf(
  { record }: DkimKeyEntry,
  findings: readonly FindingEntry[] | null,
): FindingEntry | undefined {
  return findings?.find(({ check, name }) => check === 'dkim' && name === record.name);
}
