import type { TargetedSubmitEvent, VNode } from 'preact';
import type { WebhookBody } from '../../api/schemas/webhook.js';
import { request } from '../api/request.js';
import { Field } from '../parts/field.js';
import { formText } from '../parts/form-text.js';
import { Notice } from '../parts/notice.js';
import { useSubmit } from '../parts/submit.js';
import { domainPath } from './domain-api.js';

export const EVENTS: readonly WebhookBody['events'][number][] = [
  'email.queued',
  'email.delivered',
  'email.deferred',
  'email.bounced',
];

interface WebhookFormProps {
  readonly name: string;
  /** What is changed; null: a first one. */
  readonly webhook: WebhookBody | null;
  readonly onSaved: (webhook: WebhookBody) => void;
  readonly onCancel: (() => void) | null;
}

/** Sets the URL and the events. */
export function WebhookForm({ name, webhook, onSaved, onCancel }: WebhookFormProps): VNode {
  const { busy, problem, run } = useSubmit();
  return (
    <form class="card narrow" onSubmit={(event) => void submit(event)}>
      <Field
        id="webhook-url"
        label="URL"
        name="url"
        type="url"
        placeholder="https://app.example.com/mail-events"
        defaultValue={webhook?.url ?? ''}
        maxLength={2048}
        required
      />
      <fieldset class="choices">
        <legend>Events</legend>
        {EVENTS.map((event) => (
          <label key={event}>
            <input
              type="checkbox"
              name="events"
              value={event}
              defaultChecked={webhook === null || webhook.events.includes(event)}
            />
            <span class="mono">{event}</span>
          </label>
        ))}
      </fieldset>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <div class="form-row">
        <button type="submit" class="button button-main" disabled={busy}>
          Save
        </button>
        {onCancel !== null && (
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const body = { url: formText(given, 'url'), events: given.getAll('events') };
    await run(async () => onSaved(await request<WebhookBody>('PUT', domainPath(name, '/webhook'), { body })));
  }
}
