/** One line of a chart. */
interface Series {
  readonly name: string;
  /** A custom property of the style sheet: `--good`. */
  readonly color: string;
  /** By the time of the point; null: there is no value. */
  readonly values: readonly (number | null)[];
}

export interface ChartData {
  /** Seconds since the epoch, in equal steps. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

/** Points as the API gives them: hours and days without any count are left out. */
interface Point {
  readonly at: string;
}

const STEPS = { hour: 3600, day: 86_400 } as const;

/** Returns the beginning of each hour or day of a span, in seconds since the epoch. */
export function timesOf(body: {
  readonly by: 'hour' | 'day';
  readonly since: string;
  readonly until: string;
}): number[] {
  const step = STEPS[body.by];
  const first = Math.floor(Date.parse(body.since) / 1000 / step) * step;
  const last = Date.parse(body.until) / 1000;
  const times = [];
  for (let time = first; time <= last; time += step) times.push(time);
  return times;
}

/** Returns the values of points at these times; `missing` where there is no point. */
export function valuesAt<P extends Point>(
  times: readonly number[],
  points: readonly P[],
  value: (point: P) => number | null,
  missing: number | null,
): (number | null)[] {
  const byTime = new Map(points.map((point) => [Date.parse(point.at) / 1000, point]));
  return times.map((time) => {
    const point = byTime.get(time);
    return point === undefined ? missing : value(point);
  });
}
