import type { ComponentChildren, VNode } from 'preact';
import type { QueuePage } from '../../api/schemas/queue.js';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { queryOf } from '../api/request.js';
import { deliveryTimeText, shareText } from '../charts/formats.js';
import { countedUrl } from '../messages/counted.js';
import { filterUrl } from '../messages/filter.js';
import { countText } from '../parts/sizes.js';
import { distance } from '../parts/time.js';

interface FiguresProps {
  readonly statistics: StatisticsBody;
  readonly queue: QueuePage | null;
  /** Empty: all domains. */
  readonly domain: string;
}

/** The numbers of the span and of now. Those that count messages or recipients lead to the messages of the span. */
export function Figures({ statistics, queue, domain }: FiguresProps): VNode {
  const { total } = statistics;
  const { deliveryRate, bounceRate, timeToDelivery } = total;
  const domains = domain === '' ? [] : [domain];
  const listOf = (status: readonly string[]): string =>
    countedUrl(statistics.by, statistics.since, { status, domain: domains });
  const waiting = queue === null ? null : queue.messages.queued + queue.messages.deferred;
  const held = queue?.messages.held ?? null;
  return (
    <div class="figures">
      <Figure name="Accepted" value={countText(total.accepted)} href={listOf([])}>
        messages
      </Figure>
      <Figure name="Delivered" value={countText(total.delivered)} href={listOf(['delivered'])}>
        {deliveryRate === null ? 'recipients' : `recipients, ${shareText(deliveryRate)} of those that ended`}
      </Figure>
      <Figure name="Bounced" value={countText(total.bounced)} href={listOf(['bounced'])}>
        {bounceRate === null ? 'recipients' : `recipients, ${shareText(bounceRate)} of those that ended`}
      </Figure>
      <Figure name="Cancelled" value={countText(total.cancelled)} href={listOf(['cancelled'])}>
        recipients
      </Figure>
      <Figure
        name="Time to delivery"
        value={timeToDelivery.p50 === null ? '–' : deliveryTimeText(timeToDelivery.p50)}
        href={null}
      >
        {timeToDelivery.p95 === null
          ? 'median'
          : `median; 95 % within ${deliveryTimeText(timeToDelivery.p95)}`}
      </Figure>
      <Figure name="Attempts deferred" value={countText(total.deferred)} href={null}>
        one recipient may have several
      </Figure>
      <Figure
        name="Waiting now"
        value={waiting === null ? '–' : countText(waiting)}
        href={`/queue${queryOf({ domain: domain || undefined })}`}
      >
        {queue === null || queue.oldest === null
          ? 'messages'
          : `messages; the oldest came ${distance(queue.oldest)}`}
      </Figure>
      <Figure
        name="Held now"
        value={held === null ? '–' : countText(held)}
        href={filterUrl({ status: ['held'], domain: domains })}
      >
        messages, until they are released
      </Figure>
    </div>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: string;
  readonly href: string | null;
  readonly children: ComponentChildren;
}): VNode {
  const { name, value, href, children } = props;
  const content = (
    <>
      <span class="soft">{name}</span>
      <span class="figure-value">{value}</span>
      <span class="soft small">{children}</span>
    </>
  );
  return href === null ? (
    <div class="figure">{content}</div>
  ) : (
    <a class="figure" href={href}>
      {content}
    </a>
  );
}
