import type { VNode } from 'preact';
import type { MessageRecordBody } from '../../api/schemas/message.js';
import { lastList } from '../messages/current-list.js';
import { filterUrl } from '../messages/filter.js';
import { Icon } from '../parts/icon.js';
import { plural, sizeText } from '../parts/sizes.js';
import { StatusBadge } from '../parts/status-badge.js';
import { Time } from '../parts/time.js';
import { MessageActions } from './message-actions.js';
import type { MessageData } from './message-data.js';
import { useNeighbours } from './neighbours.js';

/** Subject, state, sender and recipients, and what can be done. */
export function MessageHead(props: {
  readonly data: MessageData;
  readonly message: MessageRecordBody;
}): VNode {
  const { data, message } = props;
  const { id, subject, status, from, recipients, tags, size, receivedAt } = message;
  const { before, next } = useNeighbours(id);
  const [first] = recipients;
  const more = recipients.length - 1;
  return (
    <header class="message-headline">
      <div class="message-bar">
        <a class="button button-plain" href={lastList.value?.url ?? '/messages'}>
          <Icon name="back" />
          Messages
        </a>
        <span class="message-steps">
          <Step to={before} name="The message before" icon="up" />
          <Step to={next} name="The next message" icon="down" />
        </span>
        <MessageActions data={data} message={message} />
      </div>
      <h1>{subject === null || subject.trim() === '' ? '(no subject)' : subject}</h1>
      <p class="message-facts">
        <StatusBadge status={status} />
        <span class="message-way">
          <span class="soft">from</span> {from}{' '}
          {first !== undefined && (
            <>
              <span class="soft">to</span> {first.address}
              {more > 0 && <span class="soft"> and {plural(more, 'other')}</span>}
            </>
          )}
        </span>
        <span class="soft">
          <Time at={receivedAt} />
        </span>
        <span class="soft">{sizeText(size)}</span>
        {tags.map((tag) => (
          <a key={tag} class="tag" href={filterUrl({ tag: [tag] })}>
            {tag}
          </a>
        ))}
      </p>
    </header>
  );
}

function Step(props: {
  readonly to: number | null;
  readonly name: string;
  readonly icon: 'up' | 'down';
}): VNode | null {
  const { to, name, icon } = props;
  if (to === null) return null;
  return (
    <a class="button button-plain button-icon" href={`/messages/${to}`} aria-label={name} title={name}>
      <Icon name={icon} />
    </a>
  );
}
