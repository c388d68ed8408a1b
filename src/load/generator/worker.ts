import { parentPort, workerData } from 'node:worker_threads';
import { RunFailed } from './failure.js';
import type { Plan } from './plan.js';
import { LocalThread, type ThreadMessage, type ThreadRequest } from './thread.js';

// A worker thread of the generator: runs its part of the plan and reports what happens.
const { plan, index } = workerData as { readonly plan: Plan; readonly index: number };
const say = (message: ThreadMessage): void => parentPort?.postMessage(message);
const thread: LocalThread = new LocalThread(plan, index, (interval) =>
  say({ type: 'interval', interval, inFlight: thread.inFlight }),
);

parentPort?.on('message', (request: ThreadRequest) => {
  switch (request.type) {
    case 'run':
      void run(request.origin);
      return;
    case 'stop':
      thread.stop(request.drain);
      return;
    case 'served':
      thread.served();
  }
});
say({ type: 'ready' });

async function run(origin: number): Promise<void> {
  try {
    say({ type: 'end', end: await thread.run(origin) });
  } catch (error) {
    // Any other error is a bug of this program and ends the thread.
    if (!(error instanceof RunFailed)) throw error;
    say({ type: 'failed', message: error.message, missing: error.missing });
  }
  parentPort?.close();
}
