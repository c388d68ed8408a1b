import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { RunFailed } from './failure.js';
import { Generator } from './generator.js';
import type { Plan } from './plan.js';
import { type Faults, type Interval, Recorder } from '../report/recorder.js';

/** The result of a thread. */
interface ThreadEnd {
  readonly faults: Faults;
  /** Messages that were due and never started. */
  readonly unstarted: number;
  /** When the thread stopped starting messages, in milliseconds of the run; 0 if all messages ended before. */
  readonly stoppedAt: number;
  /** True if the server was unreachable for too long. */
  readonly gaveUp: boolean;
  /** Share of the time in which the thread's event loop was not idle, from 0 to 1. */
  readonly busy: number;
}

/** A thread that generates load. */
export interface Thread {
  /** Sends from the given moment on (milliseconds since 1970, with fractions). */
  run(origin: number): Promise<ThreadEnd>;
  stop(drain: number): void;
  /** Records that another thread has a connection: the server works. */
  served(): void;
  /** Messages under way, as far as this thread has reported them. */
  readonly inFlight: number;
}

/** Messages from a worker thread to the thread that started it. */
export type ThreadMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'interval'; readonly interval: Interval; readonly inFlight: number }
  | { readonly type: 'end'; readonly end: ThreadEnd }
  /** The fields of {@link RunFailed}. */
  | { readonly type: 'failed'; readonly message: string; readonly missing: string | null };

/** Messages to a worker thread. */
export type ThreadRequest =
  | { readonly type: 'run'; readonly origin: number }
  | { readonly type: 'stop'; readonly drain: number }
  | { readonly type: 'served' };

/** Runs a thread's part of the plan in the calling thread. */
export class LocalThread implements Thread {
  readonly #recorder: Recorder;
  #generator: Generator | null = null;

  constructor(
    private readonly plan: Plan,
    private readonly index: number,
    heard: (interval: Interval) => void,
  ) {
    this.#recorder = new Recorder(plan.schedule !== null, heard);
  }

  get inFlight(): number {
    return this.#recorder.inFlight;
  }

  async run(origin: number): Promise<ThreadEnd> {
    const offset = performance.timeOrigin - origin;
    const now = (): number => performance.now() + offset;
    const part = { index: this.index, of: this.plan.threads };
    const generator = new Generator(this.plan, part, this.#recorder, now, origin);
    this.#generator = generator;
    // Intervals must end even if nothing happens in them.
    const clock = setInterval(() => this.#recorder.at(now()), 50);
    const before = performance.eventLoopUtilization();
    try {
      await generator.run();
    } finally {
      clearInterval(clock);
      this.#recorder.flush();
    }
    return {
      faults: this.#recorder.faults,
      unstarted: generator.unstarted,
      stoppedAt: generator.stoppedAt,
      gaveUp: generator.gaveUp,
      busy: performance.eventLoopUtilization(before).utilization,
    };
  }

  stop(drain: number): void {
    this.#generator?.stop(drain);
  }

  served(): void {
    this.#generator?.served();
  }
}

/** Runs a thread's part of the plan in a worker thread. */
export class WorkerThread implements Thread {
  readonly #worker: Worker;
  readonly ready: Promise<void>;
  readonly #end: Promise<ThreadEnd>;
  inFlight = 0;

  constructor(plan: Plan, index: number, heard: (interval: Interval) => void) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { plan, index } });
    let isReady: () => void = () => undefined;
    this.ready = new Promise((resolve) => {
      isReady = resolve;
    });
    this.#end = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: ThreadMessage) => {
        switch (message.type) {
          case 'ready':
            isReady();
            return;
          case 'interval':
            this.inFlight = message.inFlight;
            heard(message.interval);
            return;
          case 'end':
            resolve(message.end);
            return;
          case 'failed':
            reject(new RunFailed(message.message, message.missing));
        }
      });
      this.#worker.on('error', reject);
      this.#worker.on('exit', (code) => reject(new Error(`a thread of the generator ended with ${code}`)));
    });
  }

  run(origin: number): Promise<ThreadEnd> {
    this.#worker.postMessage({ type: 'run', origin } satisfies ThreadRequest);
    return this.#end;
  }

  stop(drain: number): void {
    this.#worker.postMessage({ type: 'stop', drain } satisfies ThreadRequest);
  }

  served(): void {
    this.#worker.postMessage({ type: 'served' } satisfies ThreadRequest);
  }
}
