import './chart.css';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { isDark } from '../shell/theme.js';
import { drawChart, HEIGHT } from './draw.js';
import type { ChartData } from './series.js';

interface ChartProps {
  readonly data: ChartData;
  /** Names the chart, for those who cannot see it. */
  readonly label: string;
  /** Writes a value: a count, a share, a time. */
  readonly format: (value: number) => string;
  readonly by: 'hour' | 'day';
  /** Whether the values of a line add up, as counts do and rates do not. */
  readonly adds: boolean;
}

const hourly = new Intl.DateTimeFormat(undefined, {
  ...{ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false },
});
const daily = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  month: 'short',
  day: 'numeric',
  timeZone: 'UTC',
});

/** Lines over time, with the values under the pointer, and the same as a table. The code that draws is loaded here. */
export function Chart({ data, label, format, by, adds }: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const at = useSignal<number | null>(null);
  const failed = useSignal(false);
  // A canvas keeps the colours that it was drawn with.
  const { value: dark } = isDark;
  useEffect(() => {
    const { current: element } = place;
    if (element === null) return;
    let chart: uPlot | null = null;
    let ended = false;
    drawChart(element, data, { format, by, onPoint: (index) => (at.value = index) }).then(
      (drawn) => {
        chart = drawn;
        if (ended) drawn.destroy();
      },
      () => (failed.value = true),
    );
    const resized = new ResizeObserver(([entry]) => {
      if (entry !== undefined) chart?.setSize({ width: entry.contentRect.width, height: HEIGHT });
    });
    resized.observe(element);
    return () => {
      ended = true;
      resized.disconnect();
      chart?.destroy();
    };
  }, [data, by, dark]);

  const newest = data.times.length - 1;
  const index = at.value ?? newest;
  // With the pointer at no point: what all of them add up to, or the newest one.
  const totals = adds && at.value === null;
  const nothing = data.series.every(({ values }) => values.every((value) => value === null || value === 0));
  return (
    <figure class="chart">
      <figcaption class="chart-legend" aria-hidden="true">
        <span class="soft">
          {totals
            ? 'In all'
            : `${at.value === null ? `Newest ${by}: ` : ''}${timeText(data.times[index], by)}`}
        </span>
        {data.series.map(({ name, color, values }) => (
          <span key={name}>
            <i style={{ background: `var(${color})` }} />
            {name} <b>{valueText(totals ? sumOf(values) : values[index], format)}</b>
          </span>
        ))}
      </figcaption>
      <div
        ref={place}
        class="chart-place"
        role="img"
        aria-label={`${label}. The same is in the table below.`}
      />
      {nothing && <p class="chart-nothing soft">Nothing in this time</p>}
      {failed.value && <p class="soft">The chart could not be loaded; the table has the same numbers.</p>}
      <details>
        <summary>Show as a table</summary>
        <div class="table-scroll chart-table" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          <ChartTable data={data} format={format} by={by} />
        </div>
      </details>
    </figure>
  );
}

function ChartTable({ data, format, by }: Pick<ChartProps, 'data' | 'format' | 'by'>): VNode {
  const { times, series } = data;
  const rows = times.map((time, index) => ({ time, index })).reverse();
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">{by === 'hour' ? 'Hour' : 'Day (UTC)'}</th>
          {series.map(({ name }) => (
            <th key={name} scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ time, index }) => (
          <tr key={time}>
            <th scope="row">{timeText(time, by)}</th>
            {series.map(({ name, values }) => (
              <td key={name} class="number">
                {valueText(values[index], format)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sumOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

function timeText(time: number | undefined, by: 'hour' | 'day'): string {
  if (time === undefined) return '';
  return (by === 'hour' ? hourly : daily).format(new Date(time * 1000));
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}
