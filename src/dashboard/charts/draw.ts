import type uPlot from 'uplot';
import type { ChartData } from './series.js';

/** Pixels. */
export const HEIGHT = 240;

export interface DrawOptions {
  readonly format: (value: number) => string;
  readonly by: 'hour' | 'day';
  /** The pointer is at this point; null: at none. */
  readonly onPoint: (index: number | null) => void;
}

/** Draws a chart into an element. The library is loaded when the first one is drawn. */
export async function drawChart(
  element: HTMLElement,
  { times, series }: ChartData,
  { format, by, onPoint }: DrawOptions,
): Promise<uPlot> {
  nameLanguage();
  const { default: Plot } = await import('./library.js');
  const color = (name: string): string => colorIn(element, name);
  const axis = {
    stroke: color('--text-soft'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(element).fontFamily}`,
  };
  return new Plot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      // Days are counted in UTC.
      ...(by === 'day' ? { tzDate: (time: number) => Plot.tzDate(new Date(time * 1000), 'UTC') } : {}),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (_chart, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, space: 70 },
        { ...axis, size: 56, values: (_chart, values) => values.map(format) },
      ],
      series: [
        {},
        ...series.map((each) => ({
          label: each.name,
          stroke: color(each.color),
          width: 2,
          // A value without neighbours would not be seen as a line.
          points: { show: times.length <= 31, size: 5, fill: color(each.color) },
        })),
      ],
      hooks: { setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)] },
    },
    [[...times], ...series.map(({ values }) => [...values])],
    element,
  );
}

/** Returns the colour that a custom property has in an element now. A canvas knows neither `var()` nor `light-dark()`. */
function colorIn(element: HTMLElement, property: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${property})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A browser may have the name of a locale that is no language (`en-US@posix`), with which the library cannot be loaded. */
function nameLanguage(): void {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
}
