import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { Chart } from '../charts/chart.js';
import { shortCount } from '../charts/formats.js';
import { type ChartData, timesOf, valuesAt } from '../charts/series.js';

const SERIES = [
  ['Accepted', 'accepted', '--accent-text'],
  ['Delivered', 'delivered', '--good'],
  ['Deferred', 'deferred', '--warning'],
  ['Bounced', 'bounced', '--bad'],
] as const;

/** Draws accepted mail and its outcomes, by hour or day. */
export function MailOverTime({ statistics }: { readonly statistics: StatisticsBody }): VNode {
  const data = useMemo<ChartData>(() => {
    const times = timesOf(statistics);
    const series = SERIES.map(([name, count, color]) => ({
      name,
      color,
      values: valuesAt(times, statistics.points, (point) => point[count], 0),
    }));
    return { times, series };
  }, [statistics]);
  return (
    <Chart
      data={data}
      by={statistics.by}
      adds
      format={shortCount}
      label="Accepted, delivered, deferred and bounced mail"
    />
  );
}
