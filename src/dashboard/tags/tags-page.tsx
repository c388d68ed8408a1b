import './tags.css';
import type { VNode } from 'preact';
import { queryOf } from '../api/request.js';
import { DomainChoice } from '../charts/domain-choice.js';
import { spanNamed, statisticsQuery } from '../charts/span.js';
import { SpanChoice } from '../charts/span-choice.js';
import { countedUrl } from '../messages/counted.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { go, query } from '../router/location.js';
import { useTitle } from '../shell/title.js';
import { Comparison } from './comparison.js';
import { csvOf, saveText } from './csv.js';
import { type MetricName, metricNamed } from './metrics.js';
import { allTagStatistics } from './tag-statistics.js';
import { type SortKey, sorted, sortNamed, TagTable } from './tag-table.js';

/** Tags that are compared at most: as many as there are colours. */
const MOST_COMPARED = 6;

interface View {
  readonly span: string;
  readonly domain: string;
  readonly tag: readonly string[];
  readonly metric: MetricName;
  readonly sort: SortKey;
}

/** Shows the fate of mail, tag by tag. All that a person chooses stands in the URL. */
export function TagsPage(): VNode {
  useTitle('Tags');
  const view = viewOf(query.value);
  const span = spanNamed(view.span);
  const tags = useResource(`${span.name} ${view.domain}`, (signal) =>
    allTagStatistics(statisticsQuery(span, view.domain), signal),
  );
  const show = (change: Partial<View>): void => {
    const next = { ...view, ...change };
    go(`/tags${queryOf({ ...next, domain: next.domain || undefined })}`, { replace: true });
  };
  return (
    <div class="page">
      <header class="page-head">
        <h1>Tags</h1>
        <DomainChoice domain={view.domain} onChange={(domain) => show({ domain })} />
        <SpanChoice span={span} onChange={({ name }) => show({ span: name })} />
      </header>
      {view.tag.length > 0 && (
        <Comparison
          span={span}
          domain={view.domain}
          tags={view.tag}
          metric={view.metric}
          onMetric={(metric) => show({ metric })}
          onRemove={(tag) => show({ tag: view.tag.filter((each) => each !== tag) })}
        />
      )}
      <Loaded from={tags}>
        {({ tags: found, since, more }) =>
          found.length === 0 ? (
            <p class="soft">
              No tag yet. Apps tag a message by the header <code>X-OMS-Tags: welcome, beta</code>, or by{' '}
              <code>tags</code> of the HTTP API.
            </p>
          ) : (
            <>
              <div class="row">
                <p class="soft">
                  {view.tag.length === 0 ? 'Mark tags to compare them over time.' : ' '}
                  {more && ' There are more tags than are shown.'}
                </p>
                <button
                  type="button"
                  class="button"
                  onClick={() => saveText(`tags-${span.name}.csv`, csvOf(sorted(found, view.sort)))}
                >
                  <Icon name="download" />
                  CSV
                </button>
              </div>
              <TagTable
                tags={found}
                listOf={(tag) =>
                  countedUrl(span.query.by, since, {
                    tag: [tag],
                    domain: view.domain === '' ? [] : [view.domain],
                  })
                }
                sort={view.sort}
                compared={view.tag}
                full={view.tag.length >= MOST_COMPARED}
                onSort={(sort) => show({ sort })}
                onCompare={(tag, chosen) =>
                  show({ tag: chosen ? [...view.tag, tag] : view.tag.filter((each) => each !== tag) })
                }
              />
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function viewOf(text: string): View {
  const given = new URLSearchParams(text);
  return {
    span: spanNamed(given.get('span')).name,
    domain: given.get('domain') ?? '',
    tag: given.getAll('tag').slice(0, MOST_COMPARED),
    metric: metricNamed(given.get('metric')),
    sort: sortNamed(given.get('sort')),
  };
}
