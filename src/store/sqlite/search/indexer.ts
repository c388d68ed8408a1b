/** The thread that fills the index of words, a step for each request. */
import { setPriority } from 'node:os';
import { parentPort, type MessagePort, workerData } from 'node:worker_threads';
import { isDamage, reason } from '../errors.js';
import { Indexing, type IndexingStep } from './indexing.js';

export type IndexerRequest = 'step' | 'rebuild';

export type IndexerAnswer =
  ({ readonly ok: true } & IndexingStep) | { readonly ok: false; readonly reason: string };

/** The niceness of this thread: while others want the processor, it gets about a seventieth of what they get. */
const NICENESS = 19;

function serve(port: MessagePort, directory: string): void {
  // On Linux, niceness is a thread's own. Elsewhere this would slow down the whole process.
  if (process.platform === 'linux') setPriority(0, NICENESS);
  let indexing: Indexing | null = null;

  const answer = (request: IndexerRequest): IndexerAnswer => {
    try {
      indexing ??= new Indexing(directory);
      if (request === 'rebuild') indexing.rebuild();
      return { ok: true, ...indexing.step() };
    } catch (error) {
      if (isDamage(error)) indexing?.rebuild();
      return { ok: false, reason: reason(error) };
    }
  };

  port.on('message', (request: IndexerRequest) => port.postMessage(answer(request)));
}

if (parentPort !== null) serve(parentPort, workerData as string);
