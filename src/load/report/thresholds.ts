import { noSuchName } from '../../base/check-shape.js';
import { count, figure, percent, time } from './format.js';
import type { Report } from './report.js';

/** A condition under which a run has failed, such as `p99>50ms`. */
export interface Threshold {
  /** As it was written. */
  readonly text: string;
  readonly metric: Metric;
  readonly operator: Operator;
  /** Microseconds for times, messages a second for `rate`, a share from 0 to 1 for `error-rate`, else a number. */
  readonly limit: number;
}

/** A threshold and the figure of a run that it judges. */
export interface Judged {
  readonly threshold: Threshold;
  /** In the unit of the threshold. NaN if the run has no such figure: nothing was measured. */
  readonly value: number;
  /** True if the run has failed by it. A figure that is missing fails. */
  readonly failed: boolean;
}

type Kind = 'time' | 'count' | 'rate' | 'share';
type Operator = '>' | '>=' | '<' | '<=';

interface Measure {
  readonly kind: Kind;
  readonly of: (report: Report) => number;
}

const latency = (name: 'p50' | 'p75' | 'p90' | 'p95' | 'p99' | 'p99_9' | 'max' | 'mean'): Measure => ({
  kind: 'time',
  of: ({ latency: spread }) => (spread.count === 0 ? NaN : spread[name]),
});

/** Messages that were to be accepted and were not: refused, lost, or due and never started. */
const errorsOf = ({ messages }: Report): number => messages.refused + messages.lost + messages.unstarted;

const METRICS = {
  p50: latency('p50'),
  p75: latency('p75'),
  p90: latency('p90'),
  p95: latency('p95'),
  p99: latency('p99'),
  'p99.9': latency('p99_9'),
  max: latency('max'),
  mean: latency('mean'),
  accepted: { kind: 'count', of: ({ messages }) => messages.accepted },
  refused: { kind: 'count', of: ({ messages }) => messages.refused },
  lost: { kind: 'count', of: ({ messages }) => messages.lost },
  errors: { kind: 'count', of: errorsOf },
  'error-rate': {
    kind: 'share',
    of: (report) => errorsOf(report) / (report.messages.started + report.messages.unstarted),
  },
  rate: { kind: 'rate', of: ({ messagesPerSecond }) => messagesPerSecond },
} as const satisfies Readonly<Record<string, Measure>>;

type Metric = keyof typeof METRICS;

/** The form of thresholds, for error messages. */
const THRESHOLDS_FORM =
  `METRIC, an operator (> >= < <=) and a limit, such as p99>50ms, errors>0, error-rate>1% or rate<100; ` +
  `the metrics are ${Object.keys(METRICS).join(', ')}`;

/**
 * Parses `p99>50ms,errors>0`.
 *
 * @returns the thresholds, or a text that says what is wrong
 */
export function parseThresholds(text: string): Threshold[] | string {
  const thresholds: Threshold[] = [];
  for (const part of text.split(',').map((each) => each.trim())) {
    const [, name = '', operator = '', limit = ''] =
      /^([a-z][a-z0-9.-]*)\s*([<>]=?)\s*(\S+)$/i.exec(part) ?? [];
    if (operator === '') return `"${part}" is not ${THRESHOLDS_FORM}`;
    if (!isMetric(name)) return noSuchName('metric', name, Object.keys(METRICS));
    const { kind } = METRICS[name];
    const value = LIMITS[kind].parse(limit);
    if (value === null) return `${part}: ${name} is compared with ${LIMITS[kind].form}`;
    thresholds.push({ text: part, metric: name, operator: operator as Operator, limit: value });
  }
  return thresholds;
}

/** Judges a run by each threshold. */
export function judge(report: Report, thresholds: readonly Threshold[]): Judged[] {
  return thresholds.map((threshold) => {
    const value = METRICS[threshold.metric].of(report);
    return {
      threshold,
      value,
      failed: Number.isNaN(value) || COMPARE[threshold.operator](value, threshold.limit),
    };
  });
}

/** Returns a result in words: `p99 is 63.0 ms (p99>50ms)`. */
export function judgedText({ threshold: { text, metric }, value }: Judged): string {
  const shown = Number.isNaN(value)
    ? 'unknown, since nothing was measured'
    : LIMITS[METRICS[metric].kind].show(value);
  return `${metric} is ${shown} (${text})`;
}

const COMPARE: Readonly<Record<Operator, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

const UNITS: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1000, s: 1_000_000 };

const LIMITS: Readonly<
  Record<Kind, { form: string; parse: (text: string) => number | null; show: (value: number) => string }>
> = {
  time: {
    form: 'a time such as 50ms, 800us or 1.5s',
    parse(text) {
      const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(us|µs|ms|s)$/.exec(text) ?? [];
      return digits === undefined ? null : Number(digits) * (UNITS[unit] ?? 1);
    },
    show: time,
  },
  count: { form: 'a whole number', parse: (text) => (/^\d+$/.test(text) ? Number(text) : null), show: count },
  rate: { form: 'messages a second', parse: number, show: (value) => `${figure(value)}/s` },
  share: {
    form: 'a share such as 1% or 0.01',
    parse(text) {
      const value = number(text.replace(/%$/, ''));
      return value === null ? null : text.endsWith('%') ? value / 100 : value;
    },
    show: percent,
  },
};

function number(text: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
}

function isMetric(name: string): name is Metric {
  return Object.hasOwn(METRICS, name);
}
