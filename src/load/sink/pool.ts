import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Listening } from '../../server/index.js';
import { Sink } from './sink.js';
import { type SinkCounts, type SinkPlan, sumCounts } from './plan.js';

/** A sink on one core or on several. */
export interface RunningSink {
  readonly listening: readonly Listening[];
  /** Rejects if a process of the sink ends by itself. The others continue. */
  readonly failed: Promise<never>;
  /** Returns the counters of all processes that are still running. */
  counts(): Promise<SinkCounts>;
  /** Stops taking connections, gives transactions under way the grace time, and returns the last counters. */
  close(graceMs: number): Promise<SinkCounts>;
}

/** Messages to a process of the sink. */
export type SinkRequest =
  | { readonly type: 'listen'; readonly plan: SinkPlan; readonly thread: number }
  | { readonly type: 'counts' }
  | { readonly type: 'close'; readonly graceMs: number };

/** Messages from a process of the sink. `ready` comes unasked; every other message answers a request. */
export type SinkMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly listening: readonly Listening[] }
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'counts'; readonly counts: SinkCounts };

/**
 * Starts a sink. With several threads each is a process of its own; node:cluster gives them the connections in turns.
 * Rejects with an error that has Node's code (`EADDRINUSE`) if a port cannot be opened.
 */
export async function startSink(plan: SinkPlan): Promise<RunningSink> {
  if (plan.threads > 1) return startProcesses(plan);
  const sink = new Sink(plan, 0);
  try {
    const listening = await sink.listen();
    return {
      listening,
      // There is no other process that could fail.
      failed: new Promise(() => undefined),
      counts: () => Promise.resolve({ ...sink.counts }),
      close: async (graceMs) => {
        await sink.close(graceMs);
        return sink.counts;
      },
    };
  } catch (error) {
    await sink.close(0);
    throw error;
  }
}

async function startProcesses(plan: SinkPlan): Promise<RunningSink> {
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./process.js', import.meta.url)), args: [] });
  const processes = Array.from({ length: plan.threads }, () => new SinkProcess(cluster.fork()));
  const all = (requestFor: (thread: number) => SinkRequest): Promise<SinkMessage[]> =>
    Promise.all(processes.map((one, thread) => one.ask(requestFor(thread))));
  // A process that is gone has taken its counters with it. The counters of the others are still worth reporting.
  const askAll = async (what: SinkRequest): Promise<SinkCounts> => {
    const message = await Promise.allSettled(processes.map((one) => one.ask(what)));
    return sumCounts(countsOf(message.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))));
  };
  const end = (): Promise<unknown> => Promise.all(processes.map((one) => one.end()));
  const failed = Promise.race(processes.map((one) => one.failed));
  // The rejection is handled where `failed` is read, and that may be later or never.
  failed.catch(() => undefined);
  try {
    const [first] = await all((thread) => ({ type: 'listen', plan, thread }));
    return {
      listening: first?.type === 'listening' ? first.listening : [],
      failed,
      counts: () => askAll({ type: 'counts' }),
      close: async (graceMs) => {
        try {
          return await askAll({ type: 'close', graceMs });
        } finally {
          await end();
        }
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** One process of a sink. It gets one request at a time. */
class SinkProcess {
  /** Settles when all requests are answered. A request before the process listens would be lost. */
  #answered: Promise<unknown>;
  readonly #exited: Promise<void>;
  readonly failed: Promise<never>;

  constructor(private readonly worker: Worker) {
    this.failed = new Promise((_, reject) => {
      worker.once('exit', (code: number, signal: string | null) => {
        reject(new Error(`a process of the sink ended, by ${signal ?? `exit status ${code}`}`));
      });
    });
    this.#exited = this.failed.catch(() => undefined);
    // If a request cannot be sent, the process has ended, and its exit event reports that.
    worker.on('error', () => undefined);
    this.#answered = this.#next();
    this.#answered.catch(() => undefined);
  }

  /** Sends a request and returns the answer. Rejects if the process fails or ends. */
  ask(request: SinkRequest): Promise<SinkMessage> {
    const answer = this.#answered.then(() => {
      const next = this.#next();
      this.worker.send(request);
      return next;
    });
    this.#answered = answer;
    return answer;
  }

  async end(): Promise<void> {
    // Waits until the process has answered the requests under way.
    await this.#answered.catch(() => undefined);
    if (this.worker.isConnected()) this.worker.disconnect();
    await this.#exited;
  }

  #next(): Promise<SinkMessage> {
    return new Promise((resolve, reject) => {
      this.failed.catch(reject);
      this.worker.once('message', (message: SinkMessage) => {
        if (message.type === 'failed')
          reject(Object.assign(new Error(message.message), { code: message.code }));
        else resolve(message);
      });
    });
  }
}

function countsOf(all: readonly SinkMessage[]): SinkCounts[] {
  return all.flatMap((message) => (message.type === 'counts' ? [message.counts] : []));
}
