import './recipients.css';
import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { plural } from '../parts/sizes.js';
import { StatusBadge } from '../parts/status-badge.js';
import { due, fullTime, Time } from '../parts/time.js';
import type { RecipientFacts } from './explanation.js';

/** Recipients beyond which the histories are closed until asked for. */
const OPEN = 3;

/** Each recipient with its history: came in, every attempt, what is next. */
export function Recipients({ message }: { readonly message: MessageRecordBody }): VNode {
  const { recipients, receivedAt, webhookCalls } = message;
  return (
    <section>
      <h2>
        {recipients.length === 1 ? 'Delivery' : `Delivery to ${plural(recipients.length, 'recipient')}`}
      </h2>
      <ul class="recipients">
        {recipients.map((recipient, index) => (
          <li key={recipient.address}>
            <details open={index < OPEN}>
              <summary>
                <span class="recipient-address">{recipient.address}</span>
                <StatusBadge status={recipient.status} />
              </summary>
              <History recipient={recipient} receivedAt={receivedAt} />
            </details>
          </li>
        ))}
      </ul>
      {webhookCalls.length > 0 && (
        <>
          <h3>Webhook calls</h3>
          <ol class="history">
            {webhookCalls.map(({ call, at, name, status, outcome, problem }) => (
              <li key={call} data-outcome={outcome === 'delivered' ? 'delivered' : 'deferred'}>
                <p>
                  <span class="mono">{name}</span> {status === null ? '' : `was answered ${status}`}
                </p>
                {problem !== null && <p class="soft">{problem}</p>}
                <p class="soft small">
                  <Time at={at} />
                </p>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

const OUTCOMES: Readonly<Record<RecipientFacts['attempts'][number]['outcome'], string>> = {
  delivered: 'Delivered',
  deferred: 'Deferred',
  bounced: 'Refused for good',
  cancelled: 'Cancelled',
};

function History(props: { readonly recipient: RecipientFacts; readonly receivedAt: string }): VNode {
  const { recipient, receivedAt } = props;
  const { attempts, nextAttemptAt, status, originalRecipient } = recipient;
  const waits = (status === 'queued' || status === 'deferred') && nextAttemptAt !== null;
  return (
    <ol class="history">
      <li data-outcome="accepted">
        <p>Accepted</p>
        <p class="soft small">
          <Time at={receivedAt} />
          {originalRecipient !== null && ` · for ${originalRecipient}`}
        </p>
      </li>
      {attempts.map(({ at, outcome, remoteHost, reply, tls }) => (
        <li key={at} data-outcome={outcome}>
          <p>
            {OUTCOMES[outcome]}
            {remoteHost !== null && (
              <>
                {' '}
                <span class="soft">by</span> {remoteHost}
              </>
            )}
          </p>
          <p class="mono history-reply">{reply}</p>
          <p class="soft small">
            <Time at={at} /> · {gap(receivedAt, at)} after it came in
            {tls !== null && ` · ${tls}`}
          </p>
        </li>
      ))}
      {waits && (
        <li data-outcome="next">
          <p>Next try {due(nextAttemptAt)}</p>
          <p class="soft small">{fullTime(nextAttemptAt)}</p>
        </li>
      )}
    </ol>
  );
}

/** Returns the time between two moments: `340 ms`, `12 s`, `3 min`, `5 h`. */
function gap(from: string, to: string): string {
  const milliseconds = Math.max(0, Date.parse(to) - Date.parse(from));
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  if (milliseconds < 100_000) return `${Math.round(milliseconds / 1_000)} s`;
  if (milliseconds < 100 * 60_000) return `${Math.round(milliseconds / 60_000)} min`;
  return `${Math.round(milliseconds / 3_600_000)} h`;
}
