import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { WebhookBody } from '../../api/schemas/webhook.js';
import { Refusal } from '../api/refusal.js';
import { request } from '../api/request.js';
import { CodeBlock } from '../parts/code-block.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { useSubmit } from '../parts/submit.js';
import { distance } from '../parts/time.js';
import { domainPath } from './domain-api.js';
import { WebhookCalls } from './webhook-calls.js';
import { WebhookForm } from './webhook-form.js';

/** The URL that is called for each event of a domain's mail. */
export function WebhookSection({ name }: { readonly name: string }): VNode {
  const changing = useSignal(false);
  const webhook = useResource(name, (signal) => findWebhook(name, signal));
  return (
    <div class="section">
      <Loaded from={webhook}>
        {({ found }) =>
          found === null || changing.value ? (
            <>
              {found === null && (
                <p class="soft">
                  Your app can be called over HTTPS when mail is queued, delivered, deferred or bounced. Each
                  call is signed.
                </p>
              )}
              <WebhookForm
                name={name}
                webhook={found}
                onSaved={(saved) => {
                  changing.value = false;
                  webhook.set({ found: saved });
                }}
                onCancel={found === null ? null : () => (changing.value = false)}
              />
            </>
          ) : (
            <>
              <Shown
                name={name}
                webhook={found}
                onChange={() => (changing.value = true)}
                onChanged={() => void webhook.reload()}
              />
              <WebhookCalls name={name} />
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function Shown(props: {
  readonly name: string;
  readonly webhook: WebhookBody;
  readonly onChange: () => void;
  readonly onChanged: () => void;
}): VNode {
  const { name, webhook, onChange, onChanged } = props;
  const { url, events, publicKey, off } = webhook;
  const { busy, problem, run } = useSubmit();
  const path = domainPath(name, '/webhook');
  return (
    <>
      {off !== null && (
        <Notice kind="warning" title={`It is off, since ${distance(off.since)}: ${off.reason}`}>
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => void change('PATCH', { on: true })}
          >
            Switch it on
          </button>
        </Notice>
      )}
      <div class="card">
        <div class="row">
          <b class="mono">{url}</b>
          <button type="button" class="button" onClick={onChange}>
            Change
          </button>
          {off === null && (
            <button
              type="button"
              class="button"
              disabled={busy}
              onClick={() => void change('PATCH', { on: false })}
            >
              Switch off
            </button>
          )}
          <button
            type="button"
            class="button button-bad"
            disabled={busy}
            onClick={() => void change('DELETE')}
          >
            <Icon name="trash" />
            Remove
          </button>
        </div>
        <p class="soft">Called for {events.join(', ')}</p>
        <p>Public key, to check X-MailPace-Signature (Ed25519, base64):</p>
        <CodeBlock code={publicKey} what="the public key" />
        {problem !== null && <Notice kind="bad" title={problem} />}
      </div>
    </>
  );

  async function change(method: 'PATCH' | 'DELETE', body?: object): Promise<void> {
    if (await run(async () => await request(method, path, { body }))) onChanged();
  }
}

/** A domain without a webhook is no error here. */
async function findWebhook(name: string, signal: AbortSignal): Promise<{ found: WebhookBody | null }> {
  try {
    return { found: await request<WebhookBody>('GET', domainPath(name, '/webhook'), { signal }) };
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return { found: null };
    throw error;
  }
}
