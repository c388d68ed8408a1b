import type { ComponentChildren, VNode } from 'preact';
import type { QueuePage } from '../../api/schemas/queue.js';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { queryOf } from '../api/request.js';
import { durationText, shareText } from '../charts/formats.js';
import { filterUrl } from '../messages/filter.js';
import { countText } from '../parts/sizes.js';
import { distance } from '../parts/time.js';

interface FiguresProps {
  readonly statistics: StatisticsBody;
  readonly queue: QueuePage | null;
  /** Empty: all domains. */
  readonly domain: string;
}

/** The numbers of the span, each with a way to the messages that it counts. */
export function Figures({ statistics: { total }, queue, domain }: FiguresProps): VNode {
  const { accepted, delivered, deferred, bounced, deliveryRate, bounceRate, timeToDelivery } = total;
  const domains = domain === '' ? [] : [domain];
  const waiting = queue === null ? null : queue.messages.queued + queue.messages.deferred;
  return (
    <div class="figures">
      <Figure name="Accepted" value={countText(accepted)} href={filterUrl({ domain: domains })}>
        messages
      </Figure>
      <Figure
        name="Delivered"
        value={countText(delivered)}
        href={filterUrl({ status: ['delivered'], domain: domains })}
      >
        {deliveryRate === null ? 'recipients' : `${shareText(deliveryRate)} delivery rate`}
      </Figure>
      <Figure
        name="Deferred"
        value={countText(deferred)}
        href={filterUrl({ status: ['deferred'], domain: domains })}
      >
        attempts put off
      </Figure>
      <Figure
        name="Bounced"
        value={countText(bounced)}
        href={filterUrl({ status: ['bounced'], domain: domains })}
      >
        {bounceRate === null ? 'recipients' : `${shareText(bounceRate)} bounce rate`}
      </Figure>
      <Figure
        name="Time to delivery"
        value={timeToDelivery.p50 === null ? '–' : durationText(timeToDelivery.p50)}
        href={null}
      >
        {timeToDelivery.p95 === null ? 'median' : `median; 95 % within ${durationText(timeToDelivery.p95)}`}
      </Figure>
      <Figure
        name="Waiting now"
        value={waiting === null ? '–' : countText(waiting)}
        href={`/queue${queryOf({ domain: domain || undefined })}`}
      >
        {queue === null || queue.oldest === null ? 'messages' : `the oldest came ${distance(queue.oldest)}`}
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
