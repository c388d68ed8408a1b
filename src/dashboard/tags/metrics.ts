import type { StatisticsBody } from '../../api/schemas/statistics.js';
import { durationText, shareText, shortCount } from '../charts/formats.js';

type Counts = StatisticsBody['total'];

export interface Metric {
  readonly title: string;
  /** Null: there is no value, such as a rate of nothing. */
  readonly of: (counts: Counts) => number | null;
  readonly format: (value: number) => string;
  /** The counters of an hour or day without any count. */
  readonly missing: number | null;
  /** Whether the values of several hours add up. */
  readonly adds: boolean;
}

/** The numbers by which tags are compared. */
export const METRICS = {
  volume: { title: 'Messages', of: ({ accepted }) => accepted, format: shortCount, missing: 0, adds: true },
  deliveryRate: {
    title: 'Delivery rate',
    of: (counts) => counts.deliveryRate,
    format: shareText,
    missing: null,
    adds: false,
  },
  bounceRate: {
    title: 'Bounce rate',
    of: (counts) => counts.bounceRate,
    format: shareText,
    missing: null,
    adds: false,
  },
  time: {
    title: 'Time to delivery (95 %)',
    of: ({ timeToDelivery }) => timeToDelivery.p95,
    format: durationText,
    missing: null,
    adds: false,
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

export function metricNamed(name: string | null): MetricName {
  return name !== null && Object.hasOwn(METRICS, name) ? (name as MetricName) : 'volume';
}
