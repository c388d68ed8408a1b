import type { TargetedSubmitEvent, VNode } from 'preact';
import type { DomainEntry, DomainRetentionBody } from '../../api/schemas/domains.js';
import { request } from '../api/request.js';
import { Field } from '../parts/field.js';
import { formText } from '../parts/form-text.js';
import { Notice } from '../parts/notice.js';
import { sizeText } from '../parts/sizes.js';
import { useSubmit } from '../parts/submit.js';
import { toast } from '../parts/toasts.js';
import { who } from '../session/session.js';
import { domainPath } from './domain-api.js';

const DAY = 24 * 3_600_000;
const MIB = 1024 * 1024;

interface RetentionSectionProps {
  readonly domain: DomainEntry;
  readonly onChange: () => void;
}

/** How long messages of a domain are kept, and how much of them. */
export function RetentionSection({ domain, onChange }: RetentionSectionProps): VNode {
  const { name, retention, contentOctets } = domain;
  const { busy, problem, run } = useSubmit();
  const mayChange = who.value?.kind === 'administrator';
  return (
    <form class="section narrow" onSubmit={(event) => void submit(event)}>
      <p class="soft">
        It holds for finished messages: what waits is always kept. The content of this domain’s messages takes{' '}
        {sizeText(contentOctets)} now. A field that is empty means as the server is configured.
      </p>
      <fieldset class="choices" disabled={!mayChange}>
        <NumberField
          id="content"
          label="Keep the content of messages for (days)"
          value={retention.contentAge}
          unit={DAY}
        />
        <NumberField id="messages" label="Keep messages for (days)" value={retention.messageAge} unit={DAY} />
        <NumberField
          id="octets"
          label="Keep at most this much content (MiB)"
          value={retention.contentOctets}
          unit={MIB}
        />
      </fieldset>
      {problem !== null && <Notice kind="bad" title={problem} />}
      {mayChange ? (
        <div>
          <button type="submit" class="button button-main" disabled={busy}>
            Save
          </button>
        </div>
      ) : (
        <p class="soft">Only the administrator can change this.</p>
      )}
    </form>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const number = (field: string, unit: number): number | null => {
      const text = formText(given, field);
      return text === '' ? null : Math.round(Number(text) * unit);
    };
    const body: DomainRetentionBody = {
      contentAge: number('content', DAY),
      messageAge: number('messages', DAY),
      contentOctets: number('octets', MIB),
    };
    const saved = await run(async () => await request('PUT', domainPath(name, '/retention'), { body }));
    if (!saved) return;
    toast({ text: 'Saved', stays: 3_000 });
    onChange();
  }
}

/** A number in a unit; empty: as the server is configured. */
function NumberField(props: {
  readonly id: string;
  readonly label: string;
  readonly value: number | null;
  readonly unit: number;
}): VNode {
  const { id, label, value, unit } = props;
  return (
    <Field
      id={id}
      label={label}
      name={id}
      type="number"
      min={0}
      step="any"
      placeholder="as the server is configured"
      defaultValue={value === null ? '' : String(value / unit)}
    />
  );
}
