import { cpus } from 'node:os';
import { hostAndPort } from '../../base/networks.js';
import type { Times } from './histogram.js';
import { INTERVAL, type Plan } from '../generator/plan.js';
import type { Counts, Faults } from './recorder.js';
import type { Point, Tally } from './tally.js';

/** Percentiles in microseconds. */
export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p99_9: number;
  readonly p99_99: number;
  readonly max: number;
}

/** The result of a run. `--json` writes it, `--compare` reads it. */
export interface Report {
  readonly format: typeof REPORT_FORMAT;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Without credentials. */
  readonly target: string;
  readonly settings: Settings;
  readonly host: {
    readonly node: string;
    readonly system: string;
    readonly cpu: string;
    readonly cpus: number;
  };
  /** True if the run was stopped before its end. */
  readonly interrupted: boolean;
  /** True if the run ended early because the server was unreachable. */
  readonly gaveUp: boolean;
  /**
   * Seconds that the figures cover: from the end of the warm-up to the last reply, or to the end of the time that was
   * asked for if that is later.
   */
  readonly seconds: number;
  readonly messages: Counts & {
    /** Messages that were due and never started, because the server was too slow for the rate. */
    readonly unstarted: number;
  };
  /** Counters of the warm-up. No other figure includes them. */
  readonly warmup: Counts;
  readonly messagesPerSecond: number;
  readonly octetsPerSecond: number;
  /** From the intended start of a message to its last reply. */
  readonly latency: Spread;
  /** From the real start; null in a closed loop, in which the two are equal. */
  readonly service: Spread | null;
  /** From the beginning of a connection until mail could be sent. */
  readonly setup: Spread;
  /** `[percentile, microseconds]`, with steps that get smaller towards 100. */
  readonly percentiles: readonly (readonly [number, number])[];
  /** All replies of the server, by code. */
  readonly replies: Readonly<Record<string, number>>;
  readonly faults: Faults;
  readonly generator: {
    readonly threads: number;
    /** Processor time divided by time: 1 is one core. */
    readonly cores: number;
    /** Share of the time in which the busiest thread was not idle, from 0 to 1. */
    readonly busiest: number;
    /** Open loop only: how late messages started although a connection was free. */
    readonly slip: Spread | null;
    /** True if the generator and not the server limits the figures. */
    readonly saturated: boolean;
  };
  readonly interval: number;
  readonly timeline: readonly Point[];
}

/** The plan without secrets and without what the report does not need. Times are milliseconds. */
export type Settings = Omit<Plan, 'target' | 'own' | 'users'> & {
  readonly user: boolean;
  /** How many users the run had beside the one of the URL. */
  readonly users: number;
  /** How many messages were given; null if the run made text. */
  readonly own: number | null;
};

export const REPORT_FORMAT = 'postern-bench-1';

interface Findings {
  readonly plan: Plan;
  readonly tally: Tally;
  readonly startedAt: Date;
  readonly interrupted: boolean;
  readonly stoppedAt: number;
  readonly gaveUp: boolean;
  readonly unstarted: number;
  readonly faults: Faults;
  readonly cores: number;
  readonly busiest: number;
}

/** A run of fewer seconds measures only the start, in which every program is slow. */
const BEGINNING = 1;
/** A thread of a closed loop that is busier than this has no time to spare. */
const BUSY = 0.95;
/** If a generator starts one message in a hundred later than this, in microseconds, it is too slow for its rate. */
const LATE = 2_000;

export function makeReport({ plan, tally, ...found }: Findings): Report {
  const { target, own, users, ...settings } = plan;
  const warm = Math.ceil(plan.warmup / INTERVAL) * INTERVAL;
  // The time in which the server is gone, or has nothing to do, counts as well.
  const seconds = Math.max(0, Math.max(tally.lastEnd, found.stoppedAt) - warm) / 1000;
  const rate = (count: number): number => (seconds === 0 ? 0 : count / seconds);
  const open = plan.schedule !== null;
  const slip = open ? spreadOf(tally.slip) : null;
  return {
    format: REPORT_FORMAT,
    startedAt: found.startedAt.toISOString(),
    target: describeTarget(target),
    settings: {
      ...settings,
      user: target.user !== null || users.length > 0,
      users: users.length,
      own: own === null ? null : own.length,
    },
    host: {
      node: process.version,
      system: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cpus: cpus().length,
    },
    interrupted: found.interrupted,
    gaveUp: found.gaveUp,
    seconds,
    messages: { ...tally.counts, unstarted: found.unstarted },
    warmup: tally.warmup,
    messagesPerSecond: rate(tally.counts.accepted),
    octetsPerSecond: rate(tally.counts.octets),
    latency: spreadOf(tally.latency),
    service: open ? spreadOf(tally.service) : null,
    setup: spreadOf(tally.setup),
    percentiles: curveOf(tally.latency),
    replies: Object.fromEntries([...tally.replies].sort(([a], [b]) => a - b)),
    faults: found.faults,
    generator: {
      threads: plan.threads,
      cores: found.cores,
      busiest: found.busiest,
      slip,
      saturated: slip === null ? seconds >= BEGINNING && found.busiest > BUSY : slip.p99 > LATE,
    },
    interval: INTERVAL,
    timeline: tally.points,
  };
}

function describeTarget({ host, port, implicitTls, path, lmtp }: Plan['target']): string {
  const scheme = lmtp ? 'lmtp' : implicitTls ? 'smtps' : 'smtp';
  if (path !== null) return `${scheme}+unix://${path}`;
  return `${scheme}://${hostAndPort(host, port)}`;
}

function spreadOf(times: Times): Spread {
  const at = (percentile: number): number => (times.count === 0 ? 0 : times.percentile(percentile));
  return {
    count: times.count,
    min: times.least,
    mean: times.count === 0 ? 0 : times.mean,
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
    p99_9: at(99.9),
    p99_99: at(99.99),
    max: times.count === 0 ? 0 : times.most,
  };
}

/** Returns ten points for each halving of the distance to 100 %, until the rest is less than one message. */
function curveOf(times: Times): [number, number][] {
  const curve: [number, number][] = [];
  if (times.count === 0) return curve;
  for (let left = 1; left * times.count >= 1 || left === 1; left /= 2 ** 0.1) {
    const percentile = 100 * (1 - left);
    curve.push([percentile, times.percentile(percentile)]);
  }
  curve.push([100 * (1 - 0.5 / times.count), times.most]);
  return curve;
}
