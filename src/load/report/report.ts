import { cpus } from 'node:os';
import type { Times } from './histogram.js';
import { INTERVAL, type Plan } from '../generator/plan.js';
import type { Counts, Faults } from './recorder.js';
import type { Point, Tally } from './tally.js';

/** Times in microseconds. */
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

/** What a run came to. It is what `--json` writes and `--compare` reads. */
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
  /** Stopped before its end. */
  readonly interrupted: boolean;
  /** Ended before its end, because the server was gone. */
  readonly gaveUp: boolean;
  /** Seconds that the figures are of: from the end of the warm-up to the last reply, and to the end of the time that was asked for. */
  readonly seconds: number;
  readonly messages: Counts & {
    /** Due and never begun: the server was too slow for the rate. */
    readonly unstarted: number;
  };
  /** What the warm-up came to; it is in no other figure. */
  readonly warmup: Counts;
  readonly messagesPerSecond: number;
  readonly octetsPerSecond: number;
  /** From the intended start of a message to its last reply. */
  readonly latency: Spread;
  /** From its real start; null in a closed loop, where that is the same. */
  readonly service: Spread | null;
  /** From the beginning of a connection until mail could be sent. */
  readonly setup: Spread;
  /** `[percentile, microseconds]`, closer the nearer to 100. */
  readonly percentiles: readonly (readonly [number, number])[];
  /** All replies of the server, by code. */
  readonly replies: Readonly<Record<string, number>>;
  readonly faults: Faults;
  readonly generator: {
    readonly threads: number;
    /** Processor time per time: 1 is one core. */
    readonly cores: number;
    /** Share of its time in which the busiest thread was not idle, from 0 to 1. */
    readonly busiest: number;
    /** How late messages were begun although a connection was free; of an open loop. */
    readonly slip: Spread | null;
    /** The figures are limited by the generator, not by the server. */
    readonly saturated: boolean;
  };
  readonly interval: number;
  readonly timeline: readonly Point[];
}

/** The plan without what nobody must see or needs to. Times are milliseconds. */
export type Settings = Omit<Plan, 'target'> & { readonly user: boolean };

export const REPORT_FORMAT = 'postern-bench-1';

export interface Findings {
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

/** Below so many seconds a run is all beginning, in which every program is busy. */
const BEGINNING = 1;
/** A thread of a closed loop that is idle for less than this has no time to spare. */
const BUSY = 0.95;
/** A generator that begins one message in a hundred later than this is too slow for its rate, in microseconds. */
const LATE = 2_000;

export function makeReport({ plan, tally, ...found }: Findings): Report {
  const { target, ...settings } = plan;
  const warm = Math.ceil(plan.warmup / INTERVAL) * INTERVAL;
  // A server that is gone, or has nothing to do, has its time all the same.
  const seconds = Math.max(0, Math.max(tally.lastEnd, found.stoppedAt) - warm) / 1000;
  const rate = (count: number): number => (seconds === 0 ? 0 : count / seconds);
  const open = plan.schedule !== null;
  const slip = open ? spreadOf(tally.slip) : null;
  return {
    format: REPORT_FORMAT,
    startedAt: found.startedAt.toISOString(),
    target: describeTarget(target),
    settings: { ...settings, user: target.user !== null },
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

function describeTarget({ host, port, implicitTls }: Plan['target']): string {
  return `${implicitTls ? 'smtps' : 'smtp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
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

/** Ten points for each halving of what is left to 100, until what is left is less than one message. */
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
