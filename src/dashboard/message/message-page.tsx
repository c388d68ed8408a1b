import './message-page.css';
import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { problemOf, Refusal } from '../api/refusal.js';
import { lastList } from '../messages/current-list.js';
import { Notice } from '../parts/notice.js';
import { go, path } from '../router/location.js';
import { loadServerFacts } from '../server/facts.js';
import { type KeyMap, useKeys } from '../shell/keys.js';
import { useTitle } from '../shell/title.js';
import { Content } from './content.js';
import { Details } from './details.js';
import { MessageData } from './message-data.js';
import { MessageHead } from './message-head.js';
import { useNeighbours } from './neighbours.js';
import { Recipients } from './recipients.js';
import { WhyNotDelivered } from './why-not-delivered.js';

/** One message: what it says, and what became of it. */
export function MessagePage(): VNode {
  const id = path.value.slice('/messages/'.length);
  const data = useMemo(() => new MessageData(id), [id]);
  useEffect(() => {
    void loadServerFacts().catch(() => undefined);
    return data.follow();
  }, [data]);
  const neighbours = useNeighbours(Number(id));
  const keys = useMemo<KeyMap>(
    () => ({
      j: { label: 'Next message', run: () => follow(neighbours.next) },
      k: { label: 'Previous message', run: () => follow(neighbours.before) },
      Escape: { label: 'Back to the list', run: () => go(lastList.peek()?.url ?? '/messages') },
    }),
    [neighbours.next, neighbours.before],
  );
  useKeys('Message', keys);
  const { value: message } = data.message;
  useTitle(message?.subject ?? 'Message');

  if (message !== null) return <Shown data={data} message={message} />;
  const { value: problem } = data.problem;
  return (
    <div class="page">
      {problem === null ? <Loading /> : <Missing problem={problem} onRetry={() => void data.load()} />}
    </div>
  );
}

function Shown({
  data,
  message,
}: {
  readonly data: MessageData;
  readonly message: MessageRecordBody;
}): VNode {
  return (
    <article class="message">
      <MessageHead data={data} message={message} />
      <WhyNotDelivered message={message} />
      <div class="message-columns">
        <Content message={message} />
        <aside class="message-side" aria-label="Delivery and details">
          <Recipients message={message} />
          <Details message={message} />
        </aside>
      </div>
    </article>
  );
}

function Missing({ problem, onRetry }: { readonly problem: unknown; readonly onRetry: () => void }): VNode {
  if (problem instanceof Refusal && (problem.status === 404 || problem.status === 400)) {
    return (
      <>
        <h1>There is no such message</h1>
        <p class="soft">It may have been deleted, be older than what is kept, or belong to another domain.</p>
        <p>
          <a class="button" href="/messages">
            Show all messages
          </a>
        </p>
      </>
    );
  }
  return (
    <Notice kind="bad" title={problemOf(problem)}>
      <button type="button" class="button" onClick={onRetry}>
        Try again
      </button>
    </Notice>
  );
}

function Loading(): VNode {
  return (
    <div class="message-loading" role="status">
      <span class="unseen">The message is being loaded</span>
      <div />
      <div />
      <div />
    </div>
  );
}

function follow(id: number | null): void {
  if (id !== null) go(`/messages/${id}`, { replace: true });
}
