import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { request } from '../api/request.js';
import { Chart } from '../charts/chart.js';
import { type ChartData, timesOf, valuesAt } from '../charts/series.js';
import { type Span, statisticsQuery } from '../charts/span.js';
import { Icon } from '../parts/icon.js';
import { Loaded } from '../parts/loaded.js';
import { useResource } from '../parts/resource.js';
import { type Metric, type MetricName, METRICS } from './metrics.js';

/** Colours that differ in light and in dark, one for each tag. */
const COLORS = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6'];

interface ComparisonProps {
  readonly span: Span;
  readonly domain: string;
  readonly tags: readonly string[];
  readonly metric: MetricName;
  readonly onMetric: (metric: MetricName) => void;
  readonly onRemove: (tag: string) => void;
}

/** Some tags over time, by one metric. */
export function Comparison({ span, domain, tags, metric, onMetric, onRemove }: ComparisonProps): VNode {
  const loaded = useResource(JSON.stringify([span.name, domain, tags]), (signal) =>
    Promise.all(
      tags.map((tag) =>
        request<StatisticsBody>('GET', '/api/v1/statistics', {
          query: { ...statisticsQuery(span, domain), tag },
          signal,
        }),
      ),
    ),
  );
  return (
    <section class="card">
      <div class="row">
        <div class="segments" role="group" aria-label="Compare by">
          {(Object.keys(METRICS) as MetricName[]).map((each) => (
            <button key={each} type="button" aria-pressed={each === metric} onClick={() => onMetric(each)}>
              {METRICS[each].title}
            </button>
          ))}
        </div>
        {tags.map((tag) => (
          <button
            key={tag}
            type="button"
            class="chip"
            aria-label={`Compare without ${tag}`}
            onClick={() => onRemove(tag)}
          >
            {tag}
            <Icon name="close" />
          </button>
        ))}
      </div>
      <Loaded from={loaded}>
        {(bodies) => <Lines bodies={bodies} tags={tags} metric={METRICS[metric]} />}
      </Loaded>
    </section>
  );
}

function Lines(props: {
  readonly bodies: readonly StatisticsBody[];
  readonly tags: readonly string[];
  readonly metric: Metric;
}): VNode | null {
  const { bodies, tags, metric } = props;
  const [first] = bodies;
  const data = useMemo<ChartData | null>(() => {
    if (first === undefined) return null;
    const times = timesOf(first);
    const series = bodies.map(({ points }, index) => ({
      name: tags[index] ?? '',
      color: COLORS[index] ?? '--text',
      values: valuesAt(times, points, metric.of, metric.missing),
    }));
    return { times, series };
  }, [bodies, metric]);
  if (first === undefined || data === null) return null;
  return (
    <Chart
      data={data}
      by={first.by}
      adds={metric.adds}
      format={metric.format}
      label={`${metric.title} of ${tags.join(', ')}`}
    />
  );
}
