import { performance } from 'node:perf_hooks';
import { INTERVAL, type Plan } from './plan.js';
import type { Faults } from '../report/recorder.js';
import { makeReport, type Report } from '../report/report.js';
import { Tally } from '../report/tally.js';
import { LocalThread, type Thread, WorkerThread } from './thread.js';

/** The state of a run, for a program that displays it. */
export interface Progress {
  readonly tally: Tally;
  readonly inFlight: number;
  /** Seconds since the beginning. */
  readonly elapsed: number;
  /** True if the run was stopped early and waits for messages under way. */
  readonly stopping: boolean;
}

export interface RunOptions {
  /** Called once the run has begun. */
  readonly begun?: (progress: Progress) => void;
  /** Ends the run early when it settles. The report covers the time until then. */
  readonly stop?: Promise<unknown>;
}

/** Milliseconds that messages under way have if the run is stopped early. */
const STOP_DRAIN = 3_000;

/** Runs a plan. Rejects with {@link RunFailed} if no connection could be opened. */
export async function runPlan(plan: Plan, { begun, stop }: RunOptions = {}): Promise<Report> {
  const tally = new Tally(Math.ceil(plan.warmup / INTERVAL));
  const threads = await startThreads(plan, tally);
  let interrupted = false;
  const origin = performance.timeOrigin + performance.now();
  const cpu = process.cpuUsage();
  void stop?.then(() => {
    interrupted = true;
    for (const thread of threads) thread.stop(STOP_DRAIN);
  });
  begun?.({
    tally,
    get inFlight() {
      return threads.reduce((sum, { inFlight }) => sum + inFlight, 0);
    },
    get elapsed() {
      return (performance.timeOrigin + performance.now() - origin) / 1000;
    },
    get stopping() {
      return interrupted;
    },
  });
  const settled = await Promise.allSettled(threads.map((thread) => endOf(thread, origin, threads)));
  const ends = settled.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  const wall = performance.timeOrigin + performance.now() - origin;
  const { user, system } = process.cpuUsage(cpu);
  tally.finish();
  return makeReport({
    plan,
    tally,
    startedAt: new Date(origin),
    interrupted,
    stoppedAt: Math.max(...ends.map(({ stoppedAt }) => stoppedAt)),
    gaveUp: ends.some(({ gaveUp }) => gaveUp),
    unstarted: ends.reduce((sum, { unstarted }) => sum + unstarted, 0),
    faults: mergeFaults(ends.map(({ faults }) => faults)),
    cores: (user + system) / 1000 / wall,
    busiest: Math.max(...ends.map(({ busy }) => busy)),
  });
}

async function startThreads(plan: Plan, tally: Tally): Promise<Thread[]> {
  if (plan.threads === 1) return [new LocalThread(plan, 0, (interval) => tally.add(interval))];
  const workers: WorkerThread[] = [];
  // Once an interval is enough, however many threads there are.
  let reported = -1;
  for (let index = 0; index < plan.threads; index++) {
    const worker: WorkerThread = new WorkerThread(plan, index, (interval) => {
      tally.add(interval);
      const { opened, accepted } = interval.counts;
      if (interval.index <= reported || opened + accepted === 0) return;
      reported = interval.index;
      for (const other of workers) if (other !== worker) other.served();
    });
    workers.push(worker);
  }
  await Promise.all(workers.map(({ ready }) => ready));
  return workers;
}

/** Resolves when the thread has ended. If one thread fails, the others are stopped. */
async function endOf(thread: Thread, origin: number, all: readonly Thread[]): ReturnType<Thread['run']> {
  try {
    return await thread.run(origin);
  } catch (error) {
    for (const other of all) if (other !== thread) other.stop(0);
    throw error;
  }
}

function mergeFaults(all: readonly Faults[]): Faults {
  const merged: Faults = { replies: {}, errors: {} };
  for (const { replies, errors } of all) {
    for (const [code, text] of Object.entries(replies)) merged.replies[code] ??= text;
    for (const [kind, { count, first }] of Object.entries(errors)) {
      const known = (merged.errors[kind] ??= { count: 0, first });
      known.count += count;
    }
  }
  return merged;
}
