import type uPlot from 'uplot';
import type { ChartData } from './series.js';

/** Pixels. */
export const HEIGHT = 240;

const HOUR = 3_600;
const DAY = 24 * HOUR;
/**
 * How a time is written on the axis, by the least distance of ticks in seconds: the text, and what a new year, month or
 * day adds below it.
 */
const TIMES: uPlot.Axis.Values = [
  [365 * DAY, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * DAY, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [DAY, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [HOUR, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
];
/** Distances of ticks on the axis of values, if all values are whole: no tick stands at half a message. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

interface DrawOptions {
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
        { ...axis, space: 70, values: TIMES },
        {
          ...{ ...axis, size: 56, values: (_chart, values) => values.map(format) },
          ...(series.every(({ values }) => values.every(isWhole)) ? { incrs: WHOLE } : {}),
        },
      ],
      series: [
        {},
        ...series.map((each) => ({
          label: each.name,
          stroke: color(each.color),
          width: 2,
          // A value without neighbours would not be seen as a line.
          points: { show: true, size: 6, fill: color(each.color), filter: () => alone(each.values) },
        })),
      ],
      hooks: { setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)] },
    },
    [[...times], ...series.map(({ values }) => [...values])],
    element,
  );
}

/** Returns where the values are that have no value before and after them. */
function alone(values: readonly (number | null)[]): number[] {
  const isGap = (index: number): boolean => (values[index] ?? null) === null;
  return [...values.keys()].filter((index) => !isGap(index) && isGap(index - 1) && isGap(index + 1));
}

function isWhole(value: number | null): boolean {
  return value === null || Number.isInteger(value);
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
