import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { WebhookCallEntry } from '../../api/schemas/message.js';
import type { MessagePage } from '../../api/schemas/messages.js';
import type { QueuedEvent, WebhookCallPage } from '../../api/schemas/webhook.js';
import { request } from '../api/request.js';
import { Badge, type BadgeProps } from '../parts/badge.js';
import { Loaded } from '../parts/loaded.js';
import { Notice } from '../parts/notice.js';
import { useResource } from '../parts/resource.js';
import { useSubmit } from '../parts/submit.js';
import { Time } from '../parts/time.js';
import { toast } from '../parts/toasts.js';
import { domainPath, domainUrl } from './domain-api.js';
import { EVENTS } from './webhook-form.js';

const LOOK_EVERY = 4_000;
/** How long the result of an event that a person sent is waited for, and how often it is asked for, in milliseconds. */
const RESULT_TIME = 30_000;
const RESULT_EVERY = 500;
const OUTCOMES: Readonly<
  Record<WebhookCallEntry['outcome'], readonly [name: string, kind: BadgeProps['kind']]>
> = {
  delivered: ['Accepted', 'good'],
  failed: ['Failed, tried again', 'warning'],
  'gave-up': ['Given up', 'bad'],
};

/** Recent calls, with what the app answered; a test event; and a call once more. */
export function WebhookCalls({ name }: { readonly name: string }): VNode {
  const event = useSignal<string>('email.delivered');
  const { busy, problem, run } = useSubmit();
  const calls = useResource(name, (signal) =>
    request<WebhookCallPage>('GET', domainPath(name, '/webhook/calls'), { query: { limit: 50 }, signal }),
  );
  const newest = useResource(`newest ${name}`, (signal) =>
    request<MessagePage>('GET', '/api/v1/messages', { query: { domain: name, limit: 1 }, signal }),
  );
  const noMessage = newest.value?.messages.length === 0;
  useEffect(() => {
    const timer = setInterval(() => {
      void calls.reload();
      if (noMessage) void newest.reload();
    }, LOOK_EVERY);
    return () => clearInterval(timer);
  }, [name, noMessage]);
  return (
    <>
      <div class="section-head">
        <h2>Recent calls</h2>
        <select
          class="input input-small"
          aria-label="Event to send"
          value={event.value}
          onChange={({ currentTarget }) => (event.value = currentTarget.value)}
        >
          {EVENTS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <button type="button" class="button" disabled={busy || noMessage} onClick={() => void sendTest()}>
          Send a test event
        </button>
      </div>
      <p class="soft">
        {noMessage ? (
          <>
            A test event is about the newest message of the domain, and there is none yet:{' '}
            <a href={domainUrl(name)}>send one first</a>.
          </>
        ) : (
          'A test event is about the newest message of the domain.'
        )}
      </p>
      {problem !== null && <Notice kind="bad" title={problem} />}
      <Loaded from={calls}>
        {({ calls: made }) =>
          made.length === 0 ? (
            <p class="soft">No call yet.</p>
          ) : (
            <CallTable calls={made} busy={busy} onRedeliver={(call) => void redeliver(call)} />
          )
        }
      </Loaded>
    </>
  );

  async function sendTest(): Promise<void> {
    await send('The test event', '/webhook/test', { name: event.peek() });
  }

  async function redeliver(call: number): Promise<void> {
    await send('The event', `/webhook/calls/${call}/redeliver`);
  }

  /** Has an event sent, and says what came of its call. */
  async function send(what: string, path: string, body?: object): Promise<void> {
    const sent: { event?: number } = {};
    await run(async () => {
      const queued = await request<QueuedEvent>('POST', domainPath(name, path), { body });
      sent.event = queued.event;
    });
    if (sent.event === undefined) return;
    const close = toast({ text: `${what} is on its way`, stays: RESULT_TIME });
    const call = await resultOf(name, sent.event);
    close();
    void calls.reload();
    if (call === null) toast({ text: `${what} has no answer yet: it will be listed here` });
    else if (call.problem === null)
      toast({ text: `${what} was accepted, in ${Math.round(call.duration)} ms` });
    else toast({ text: `${what} failed: ${call.problem}`, bad: true, stays: 10_000 });
  }
}

/** Waits for the call of an event; null if it has not ended in time. */
async function resultOf(name: string, event: number): Promise<WebhookCallEntry | null> {
  for (const end = Date.now() + RESULT_TIME; Date.now() < end;) {
    const { calls } = await request<WebhookCallPage>('GET', domainPath(name, '/webhook/calls'), {
      query: { limit: 50 },
    }).catch(() => ({ calls: [] }));
    const call = calls.find((each) => each.event === event);
    if (call !== undefined) return call;
    await new Promise((resolve) => setTimeout(resolve, RESULT_EVERY));
  }
  return null;
}

function CallTable(props: {
  readonly calls: readonly WebhookCallEntry[];
  readonly busy: boolean;
  readonly onRedeliver: (call: number) => void;
}): VNode {
  const { calls, busy, onRedeliver } = props;
  return (
    <table class="table table-blocks">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Event</th>
          <th scope="col">Outcome</th>
          <th scope="col" class="number">
            Answer
          </th>
          <th scope="col" class="number">
            Time
          </th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map(({ call, at, name, message, outcome, status, duration, problem }) => {
          const [title, kind] = OUTCOMES[outcome];
          return (
            <tr key={call}>
              <td>
                <Time at={at} />
              </td>
              <td>
                <a href={`/messages/${message}`} class="mono">
                  {name}
                </a>
              </td>
              <td>
                <Badge kind={kind}>{title}</Badge>
                {problem !== null && <p class="soft small call-problem">{problem}</p>}
              </td>
              <td class="number" data-label="Answer">
                {status ?? 'none'}
              </td>
              <td class="number" data-label="Time">
                {Math.round(duration)} ms
              </td>
              <td class="actions">
                <button type="button" class="button" disabled={busy} onClick={() => onRedeliver(call)}>
                  Send again
                </button>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
