import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Listening } from '../server/index.js';
import { Sink } from './sink.js';
import { type SinkCounts, type SinkPlan, sumCounts } from './sink-plan.js';

/** A sink on one core or on several. */
export interface RunningSink {
  readonly listening: readonly Listening[];
  counts(): Promise<SinkCounts>;
  /** Stops taking connections, gives what is under way the grace time, and tells the last counts. */
  close(graceMs: number): Promise<SinkCounts>;
}

/** What a process of the sink is told. */
export type SinkTold =
  | { readonly type: 'listen'; readonly plan: SinkPlan; readonly thread: number }
  | { readonly type: 'counts' }
  | { readonly type: 'close'; readonly graceMs: number };

/** What it says: `ready` of itself, anything else is the answer to one thing that it was told. */
export type SinkSaid =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly listening: readonly Listening[] }
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'counts'; readonly counts: SinkCounts };

/**
 * Starts a sink. With several threads each is a process of its own; node:cluster hands them the connections in
 * turns. Rejects with an error that has Node's code (`EADDRINUSE`) where a port cannot be had.
 */
export async function startSink(plan: SinkPlan): Promise<RunningSink> {
  if (plan.threads > 1) return startProcesses(plan);
  const sink = new Sink(plan, 0);
  try {
    const listening = await sink.listen();
    return {
      listening,
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
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./sink-process.js', import.meta.url)), args: [] });
  const workers = Array.from({ length: plan.threads }, () => cluster.fork());
  const all = (told: (thread: number) => SinkTold): Promise<SinkSaid[]> =>
    Promise.all(workers.map((worker, thread) => ask(worker, told(thread))));
  const disconnect = (): void => {
    for (const worker of workers) if (worker.isConnected()) worker.disconnect();
  };
  try {
    // What is told to a process before it listens is not heard.
    await Promise.all(workers.map((worker) => answerOf(worker)));
    const [first] = await all((thread) => ({ type: 'listen', plan, thread }));
    return {
      listening: first?.type === 'listening' ? first.listening : [],
      counts: async () => sumCounts(countsOf(await all(() => ({ type: 'counts' })))),
      close: async (graceMs) => {
        const counts = sumCounts(countsOf(await all(() => ({ type: 'close', graceMs }))));
        disconnect();
        return counts;
      },
    };
  } catch (error) {
    disconnect();
    throw error;
  }
}

function ask(worker: Worker, told: SinkTold): Promise<SinkSaid> {
  const answer = answerOf(worker);
  worker.send(told);
  return answer;
}

/** The next thing that it says. */
function answerOf(worker: Worker): Promise<SinkSaid> {
  return new Promise((resolve, reject) => {
    const gone = (code: number): void => reject(new Error(`a process of the sink ended with ${code}`));
    worker.once('exit', gone);
    worker.once('message', (said: SinkSaid) => {
      worker.off('exit', gone);
      if (said.type === 'failed') reject(Object.assign(new Error(said.message), { code: said.code }));
      else resolve(said);
    });
  });
}

function countsOf(all: readonly SinkSaid[]): SinkCounts[] {
  return all.flatMap((said) => (said.type === 'counts' ? [said.counts] : []));
}
