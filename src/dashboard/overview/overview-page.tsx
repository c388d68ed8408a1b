import './overview.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { QueuePage } from '../../api/schemas/queue.js';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { queryOf, request } from '../api/request.js';
import { DomainChoice } from '../charts/domain-choice.js';
import { type Span, spanNamed, statisticsQuery } from '../charts/span.js';
import { SpanChoice } from '../charts/span-choice.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { go, query } from '../router/location.js';
import { StallNotice } from '../shell/stall-notice.js';
import { useTitle } from '../shell/title.js';
import { Destinations } from './destinations.js';
import { Figures } from './figures.js';
import { MailOverTime } from './mail-over-time.js';
import { Problems } from './problems.js';
import { TopTags } from './top-tags.js';

/** How often the numbers are read again, in milliseconds. */
const READ_EVERY = 15_000;

/** How mail is doing: numbers, a chart, destinations and tags. */
export function OverviewPage(): VNode {
  useTitle('Overview');
  const given = new URLSearchParams(query.value);
  const span = spanNamed(given.get('span'));
  const domain = given.get('domain') ?? '';
  const statistics = useResource(`${span.name} ${domain}`, (signal) =>
    request<StatisticsBody>('GET', '/api/v1/statistics', { query: statisticsQuery(span, domain), signal }),
  );
  const queue = useResource(`queue ${domain}`, (signal) =>
    request<QueuePage>('GET', '/api/v1/queue', { query: { domain: domain || undefined, limit: 1 }, signal }),
  );
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== 'visible') return;
      void statistics.reload();
      void queue.reload();
    }, READ_EVERY);
    return () => clearInterval(timer);
  }, [span.name, domain]);

  return (
    <div class="page">
      <header class="page-head">
        <h1>Overview</h1>
        <DomainChoice domain={domain} onChange={(chosen) => show(span, chosen)} />
        <SpanChoice span={span} onChange={(chosen) => show(chosen, domain)} />
      </header>
      {domain !== '' && <StallNotice domain={domain} />}
      <Problems />
      <Loaded from={statistics}>
        {(body) => (
          <>
            <Figures statistics={body} queue={queue.value} domain={domain} />
            <p class="soft small">
              Messages count from when they came in, recipients from when their delivery ended. A number leads
              to the messages that came in during this time: one with a recipient who bounced is listed as
              bounced. Notifications of the server are not counted, but they wait like other mail.
            </p>
            <section class="card">
              <h2>Mail over time</h2>
              <MailOverTime statistics={body} />
            </section>
            <div class="overview-columns">
              <Destinations statistics={body} domain={domain} />
              <TopTags span={span} domain={domain} />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function show(span: Span, domain: string): void {
  go(`/overview${queryOf({ span: span.name, domain: domain || undefined })}`, { replace: true });
}
