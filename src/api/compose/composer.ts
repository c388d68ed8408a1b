import { Worker } from 'node:worker_threads';
import { ApiError } from '../errors.js';
import type { ApiLimits } from '../limits.js';
import { isBeyond } from './depth.js';
import { composeRequest, type ComposeRequest, type ComposeResult, errorOf } from './request.js';
import type { Outcome } from './worker.js';

interface Job {
  readonly request: ComposeRequest;
  readonly resolve: (results: readonly ComposeResult[]) => void;
  readonly reject: (error: Error) => void;
}

type Limits = Pick<ApiLimits, 'inlineBody' | 'inlineValues' | 'composeQueue' | 'composeTime' | 'composeHeap'>;

/**
 * Makes messages of requests. Small bodies are taken apart at once; others one after the other in a worker thread,
 * with a bound on its heap and on its time, so that no body holds up other clients. The thread begins with the first
 * large body, and anew after it died.
 */
export class Composer {
  readonly #limits: Limits;
  readonly #waiting: Job[] = [];
  #worker: Worker | null = null;
  #running: Job | null = null;
  #timer: NodeJS.Timeout | undefined;
  #number = 0;
  #closed = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * @throws ApiError if the body as a whole cannot be read; `busy` if too much waits, or the body took too long or too
   * much memory
   */
  async compose(request: ComposeRequest): Promise<readonly ComposeResult[]> {
    if (this.#isSmall(request.octets)) return composeRequest(request);
    if (this.#closed) throw new ApiError('stopping');
    if (this.#waiting.length >= this.#limits.composeQueue) throw new ApiError('busy', { retryAfter: 1 });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#next();
    });
  }

  /** Whether its work is short: an attachment, or a message of a batch, takes longer than a text of the same length. */
  #isSmall(octets: Uint8Array): boolean {
    const { inlineBody, inlineValues } = this.#limits;
    if (octets.length > inlineBody) return false;
    const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    return !isBeyond(text, { levels: Infinity, values: inlineValues });
  }

  /** Ends the thread; what it has in hand is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#fail(new ApiError('stopping'));
    for (const { reject } of this.#waiting.splice(0)) reject(new ApiError('stopping'));
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #next(): void {
    if (this.#running !== null) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#running = job;
    const worker = (this.#worker ??= this.#start());
    this.#timer = setTimeout(() => {
      this.#restart(new ApiError('busy', { cause: new Error('a body took too long to be taken apart') }));
    }, this.#limits.composeTime);
    worker.postMessage({ job: ++this.#number, request: job.request }, transferable(job.request.octets));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(this.#limits.composeHeap / (1024 * 1024)) },
    });
    worker.unref();
    worker.on('message', (outcome: Outcome) => {
      if (outcome.job !== this.#number) return;
      if ('failure' in outcome) this.#fail(new ApiError('internal', { cause: new Error(outcome.failure) }));
      else if ('refused' in outcome) this.#fail(errorOf(outcome.refused));
      else this.#settle()?.resolve(outcome.results);
      this.#next();
    });
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#restart(new ApiError('busy', { cause: error }));
    });
    return worker;
  }

  #restart(error: ApiError): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    this.#fail(error);
    this.#next();
  }

  #fail(error: ApiError): void {
    this.#settle()?.reject(error);
  }

  /** Takes the job out of the thread's hands. */
  #settle(): Job | null {
    clearTimeout(this.#timer);
    const job = this.#running;
    this.#running = null;
    return job;
  }
}

/** The memory of octets that have it to themselves: it is given to the thread, not copied. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
